package io.pairingbridge.broker.plugin;

import static org.assertj.core.api.Assertions.assertThat;

import io.netty.buffer.ByteBuf;
import io.netty.buffer.Unpooled;
import io.netty.channel.embedded.EmbeddedChannel;
import java.util.Map;
import org.apache.activemq.artemis.core.protocol.core.impl.PacketImpl;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

class CorePacketsTest {
    /** The broker makes an array of that length before it looks whether so many bytes are there. */
    @ParameterizedTest
    @CsvSource({"10,true", "0,true", "11,false", "2147483647,false", "1073741824,false", "-1,false", "-2147483648,false"
    })
    void makesNoRoomForMoreOfALargeMessageThanThereIs(int said, boolean passes) {
        ConnectionLimits limits = new ConnectionLimits(AdmissionLimits.of(Map.of()), new RefusalLog());
        EmbeddedChannel channel = new EmbeddedChannel(new CorePackets(limits));
        limits.loggedIn(channel);
        ByteBuf packet = Unpooled.buffer()
                .writeByte(PacketImpl.SESS_SEND_CONTINUATION)
                .writeLong(10)
                .writeInt(said)
                .writeZero(10);

        assertThat(channel.writeInbound(packet)).isEqualTo(passes);
        assertThat(channel.isOpen()).isEqualTo(passes);
        channel.finishAndReleaseAll();
    }
}
