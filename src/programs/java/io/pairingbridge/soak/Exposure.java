package io.pairingbridge.soak;

import static io.pairingbridge.soak.Tally.Count.HEAPS_SEARCHED;
import static io.pairingbridge.soak.Tally.Count.MBEANS_SEARCHED;

import com.sun.tools.attach.AttachNotSupportedException;
import com.sun.tools.attach.VirtualMachine;
import io.pairingbridge.soak.Site.Instance;
import io.pairingbridge.testing.Invariants;
import io.pairingbridge.testing.LedgerEndpoint;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import javax.management.JMException;
import javax.management.MBeanAttributeInfo;
import javax.management.MBeanServerConnection;
import javax.management.ObjectName;
import javax.management.remote.JMXConnector;
import javax.management.remote.JMXConnectorFactory;
import javax.management.remote.JMXServiceURL;

/** The rest of invariant 6: what running processes show to who may ask them, and what lies in their memory. */
final class Exposure {
    private static final List<String> BOTH = List.of(Workload.OTP, LedgerEndpoint.SECRET);
    private static final int CHUNK = 8 << 20;

    private final Site site;
    private final Tally tally;

    Exposure(Site site, Tally tally) {
        this.site = site;
        this.tally = tally;
    }

    /** Health, metrics and information over HTTP. */
    void management() throws IOException, InterruptedException {
        for (Instance bridge : site.bridges()) {
            for (String path : List.of("/observe/health", "/observe/metrics", "/observe/info")) {
                HttpResponse<byte[]> answer = HttpClient.newHttpClient()
                        .send(
                                HttpRequest.newBuilder(URI.create("http://127.0.0.1:" + bridge.managementPort() + path))
                                        .build(),
                                HttpResponse.BodyHandlers.ofByteArray());
                find(path, answer.body(), BOTH);
            }
        }
    }

    /** Every readable attribute of every MBean of the bridges' processes. */
    void mbeans() throws IOException, JMException {
        for (Instance bridge : site.bridges()) {
            mbeans(bridge);
        }
    }

    private void mbeans(Instance instance) throws IOException, JMException {
        String address;
        try {
            VirtualMachine bridge =
                    VirtualMachine.attach(Long.toString(instance.process().pid()));
            try {
                address = bridge.startLocalManagementAgent();
            } finally {
                bridge.detach();
            }
        } catch (AttachNotSupportedException e) {
            tally.notProduced("reading the bridge's MBeans: " + e.getMessage());
            return;
        }
        try (JMXConnector connector = JMXConnectorFactory.connect(new JMXServiceURL(address))) {
            MBeanServerConnection server = connector.getMBeanServerConnection();
            for (ObjectName name : server.queryNames(null, null)) {
                StringBuilder shown = new StringBuilder(name.toString());
                for (MBeanAttributeInfo attribute : server.getMBeanInfo(name).getAttributes()) {
                    shown.append('\n').append(read(server, name, attribute));
                }
                find("MBean " + name, shown.toString().getBytes(StandardCharsets.UTF_8), BOTH);
                tally.add(MBEANS_SEARCHED);
            }
        }
    }

    private static Object read(MBeanServerConnection server, ObjectName name, MBeanAttributeInfo attribute)
            throws IOException {
        if (!attribute.isReadable()) {
            return "";
        }
        try {
            Object value = server.getAttribute(name, attribute.getName());
            return value instanceof Object[] many ? List.of(many).toString() : value;
        } catch (JMException | RuntimeException e) {
            return e.toString(); // not every attribute can be read at every time; what it says instead is searched too
        }
    }

    /** The memory of the broker's process, which carries the credentials and must never have seen them in the clear. */
    void brokerHeap() throws IOException {
        if (site.embedded()) {
            return; // the same process as the bridge
        }
        Path process = Path.of("/proc", Long.toString(site.broker().pid()));
        try (RandomAccessFile memory =
                new RandomAccessFile(process.resolve("mem").toFile(), "r")) {
            for (String line : Files.readAllLines(process.resolve("maps"))) {
                String[] parts = line.split("\\s+");
                String[] range = parts[0].split("-");
                boolean anonymous = parts.length < 6 || parts[5].isEmpty() || parts[5].equals("[heap]");
                if (parts[1].startsWith("rw") && anonymous) {
                    search(memory, Long.parseUnsignedLong(range[0], 16), Long.parseUnsignedLong(range[1], 16));
                }
            }
            tally.add(HEAPS_SEARCHED);
        } catch (IOException e) {
            tally.notProduced("searching the broker's memory: " + e.getMessage());
        }
    }

    private void search(RandomAccessFile memory, long from, long to) {
        byte[] chunk = new byte[CHUNK];
        for (long at = from; at < to; at += CHUNK - 4_096) { // overlapping, so that nothing hides between two
            try {
                memory.seek(at);
                int read = memory.read(chunk, 0, (int) Math.min(CHUNK, to - at));
                if (read > 0) {
                    find(
                            "the memory of the broker",
                            read == CHUNK ? chunk : java.util.Arrays.copyOf(chunk, read),
                            List.of(LedgerEndpoint.SECRET));
                }
            } catch (IOException e) {
                return; // reserved, and not there
            }
        }
    }

    private void find(String where, byte[] content, List<String> texts) {
        List<String> broken = new ArrayList<>();
        Invariants.find(where, content, texts, broken);
        broken.forEach(tally::broken);
    }
}
