package io.pairingbridge.broker;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import io.pairingbridge.access.BrokerAddress;
import io.pairingbridge.access.BrokerUsers;
import io.pairingbridge.broker.Finding.Severity;
import jakarta.jms.JMSException;
import jakarta.jms.JMSSecurityException;
import java.nio.file.Path;
import java.time.Duration;
import java.util.List;
import java.util.Map;
import java.util.function.UnaryOperator;
import java.util.stream.Stream;
import org.junit.jupiter.api.Named;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

class BrokerCheckIT {

    @TempDir
    Path directory;

    @Test
    void findsNothingInTheShippedConfiguration() throws JMSException {
        try (TestBroker broker = TestBroker.start(directory)) {
            assertThat(BrokerCheck.run(broker.factory(BrokerUsers.BRIDGE))).isEmpty();
            assertThat(BrokerCheck.permissions(broker.address(BrokerUsers.BRIDGE)))
                    .isEmpty();
        }
    }

    @ParameterizedTest
    @MethodSource("unsafeChanges")
    void namesWhatIsUnsafe(UnaryOperator<String> change, String subject, String named) throws JMSException {
        try (TestBroker broker = TestBroker.startChanged(directory, change)) {
            List<Finding> findings = BrokerCheck.run(broker.factory(BrokerUsers.BRIDGE));

            assertThat(findings).anySatisfy(finding -> {
                assertThat(finding.severity()).isEqualTo(Severity.UNSAFE);
                assertThat(finding.subject()).isEqualTo(subject);
                assertThat(finding.problem()).contains(named);
                assertThat(finding.remedy()).isNotBlank();
            });
            assertThat(findings).allMatch(finding -> finding.severity() == Severity.UNSAFE);
        }
    }

    static Stream<Arguments> unsafeChanges() {
        return Stream.of(
                change(
                        "few delivery attempts",
                        in("pairing.requests", "<max-delivery-attempts>10</max-delivery-attempts>"),
                        "pairing.requests",
                        "max-delivery-attempts is 10"),
                change(
                        "delivery attempts left to the broker's default",
                        replace("<max-delivery-attempts>-1</max-delivery-attempts>", ""),
                        "pairing.requests",
                        "max-delivery-attempts is 10"),
                change(
                        "credentials that move away",
                        in("pairing.credentials", "<max-delivery-attempts>10</max-delivery-attempts>"),
                        "pairing.credentials",
                        "max-delivery-attempts is 10"),
                change(
                        "no expiry address",
                        replace("<expiry-address>pairing.expired</expiry-address>", ""),
                        "pairing.requests",
                        "expiry-address is not set"),
                change(
                        "another expiry address",
                        in("pairing.requests", "<expiry-address>pairing.dead-letters</expiry-address>"),
                        "pairing.requests",
                        "expiry-address is pairing.dead-letters"),
                change(
                        "an expiry address without a queue",
                        in("pairing.batches", "<expiry-address>nowhere</expiry-address>"),
                        "pairing.batches",
                        "expiry-address is nowhere, which has no queue"),
                change(
                        "no dead-letter address",
                        replace("<dead-letter-address>pairing.unroutable</dead-letter-address>", ""),
                        "pairing.requests",
                        "no dead-letter-address"),
                change(
                        "a dead-letter address without a queue",
                        in("pairing.batches", "<dead-letter-address>nowhere</dead-letter-address>"),
                        "pairing.batches",
                        "dead-letter-address nowhere has no queue"),
                change(
                        "credentials that expire",
                        in("pairing.credentials", "<no-expiry>false</no-expiry><expiry-delay>1000</expiry-delay>"),
                        "pairing.credentials",
                        "gives credentials an expiration"),
                change(
                        "dropping when full",
                        in("pairing.outcomes", "<address-full-policy>DROP</address-full-policy>"),
                        "pairing.outcomes",
                        "addressFullMessagePolicy is DROP"),
                change(
                        "dropping when the disk is full",
                        in("pairing.requests", "<disk-full-policy>DROP</disk-full-policy>"),
                        "pairing.requests",
                        "diskFullMessagePolicy is DROP"),
                change(
                        "a missing queue",
                        replace("<queue name=\"pairing.in-doubt\"/>", ""),
                        "pairing.in-doubt",
                        "queue does not exist"),
                change(
                        "a missing address",
                        replaceAll("(?s)<address name=\"pairing.credentials\">.*?</address>", ""),
                        "pairing.credentials",
                        "address does not exist"),
                change(
                        "the outcomes as a queue",
                        replaceAll("multicast>", "anycast>"),
                        "pairing.outcomes",
                        "not multicast"),
                change(
                        "both kinds of routing",
                        replace(
                                "<address name=\"pairing.requests\">",
                                "<address name=\"pairing.requests\"><multicast/>"),
                        "pairing.requests",
                        "both kinds of routing"),
                change(
                        "a queue that forgets",
                        queue("pairing.credentials", "<durable>false</durable>"),
                        "pairing.credentials",
                        "not durable"),
                change(
                        "a queue that filters",
                        queue("pairing.requests", "<filter string=\"a='b'\"/>"),
                        "pairing.requests",
                        "filter"),
                change(
                        "a last-value queue",
                        attribute("pairing.credentials", "last-value=\"true\""),
                        "pairing.credentials",
                        "last-value"),
                change(
                        "a non-destructive queue",
                        attribute("pairing.requests", "non-destructive=\"true\""),
                        "pairing.requests",
                        "non-destructive"),
                change(
                        "a ring",
                        attribute("pairing.outcomes.erp", "ring-size=\"100\""),
                        "pairing.outcomes.erp",
                        "ring of 100"),
                change(
                        "a queue that is emptied",
                        attribute("pairing.dead-letters", "purge-on-no-consumers=\"true\""),
                        "pairing.dead-letters",
                        "emptied"),
                change(
                        "a disabled queue",
                        attribute("pairing.credentials", "enabled=\"false\""),
                        "pairing.credentials",
                        "disabled"),
                change(
                        "predefined queues that delete themselves",
                        replace("<auto-delete-created-queues>false", "<auto-delete-created-queues>true"),
                        "pairing.credentials",
                        "queue does not exist"),
                change("no persistence", setTo("persistence-enabled", "false"), "persistence-enabled", "false"),
                change(
                        "no sync of commits",
                        setTo("journal-sync-transactional", "false"),
                        "journal-sync-transactional",
                        "false"),
                change(
                        "no sync of sends",
                        setTo("journal-sync-non-transactional", "false"),
                        "journal-sync-non-transactional",
                        "false"),
                change(
                        "duplicate ids that are forgotten",
                        setTo("persist-id-cache", "false"),
                        "persist-id-cache",
                        "false"),
                change(
                        "a journal that is not on the disk",
                        setTo("journal-datasync", "false"),
                        "journal-datasync",
                        "power cut"),
                change(
                        "dead letters that senders can write",
                        in("pairing.requests", "<dead-letter-address>pairing.dead-letters</dead-letter-address>"),
                        "pairing.requests",
                        "a sender can write dead letters"),
                change(
                        "no queue for what nobody takes",
                        replace("<queue name=\"pairing.unroutable\"/>", ""),
                        "pairing.unroutable",
                        "does not exist"),
                change("no security", setTo("security-enabled", "false"), "security-enabled", "false"));
    }

    @Test
    void namesAQueueThatTheFirstSenderMadeAndThatDeletesItself() throws JMSException {
        UnaryOperator<String> change = text -> text.replace("<queue name=\"pairing.requests\"/>", "")
                .replace("<auto-create-queues>false", "<auto-create-queues>true")
                .replace("<auto-delete-queues>false", "<auto-delete-queues>true")
                .replaceFirst(
                        "(match=\"pairing.requests\">)",
                        "$1<permission type=\"createDurableQueue\" roles=\"erp-requester\"/>");
        try (TestBroker broker = TestBroker.startChanged(directory, change)) {
            broker.send(BrokerUsers.ERP_REQUESTER, BrokerQueue.REQUESTS, "{}", Map.of());

            assertThat(BrokerCheck.run(broker.factory(BrokerUsers.BRIDGE)))
                    .singleElement()
                    .satisfies(finding -> assertThat(finding.problem()).contains("deleted when it is empty"));
        }
    }

    @Test
    void saysWhatToGrantIfItMayNotRead() throws JMSException {
        for (UnaryOperator<String> change : List.of(
                replace("<permission type=\"manage\" roles=\"bridge\"/>", ""),
                replace("<permission type=\"view\" roles=\"bridge\"/>", ""),
                replaceAll("(?s)<security-setting match=\"mops.broker.isPersistIDCache\">.*?</security-setting>", ""),
                replaceAll(
                        "(?s)<security-setting match=\"mops.pairing-admission.isJournalDatasync\">.*?</security-setting>",
                        ""),
                replaceAll("(?s)<security-setting match=\"temporary\\.\\*\">.*?</security-setting>", ""))) {
            try (TestBroker broker = TestBroker.startChanged(directory, change)) {
                assertThat(BrokerCheck.run(broker.factory(BrokerUsers.BRIDGE)))
                        .singleElement()
                        .satisfies(finding -> {
                            assertThat(finding.severity()).isEqualTo(Severity.UNKNOWN);
                            assertThat(finding.remedy()).contains("activemq.management", "mops.broker");
                        });
            }
        }
    }

    @Test
    void warnsOfABrokerWithoutThePlugin() throws JMSException {
        try (TestBroker broker =
                TestBroker.startChanged(directory, replaceAll("(?s)<broker-plugins>.*?</broker-plugins>", ""))) {
            assertThat(BrokerCheck.run(broker.factory(BrokerUsers.BRIDGE)))
                    .singleElement()
                    .satisfies(finding -> {
                        assertThat(finding.severity()).isEqualTo(Severity.UNKNOWN);
                        assertThat(finding.subject()).isEqualTo("broker-plugins");
                        assertThat(finding.problem()).contains("forged dead letters", "journal-datasync");
                        assertThat(finding.remedy()).contains("broker-plugin.jar", "docs/operate/broker.md");
                    });
        }
    }

    @Test
    void checksQueuesEvenIfItMayNotReadSettings() throws JMSException {
        UnaryOperator<String> change = text -> replace("<permission type=\"manage\" roles=\"bridge\"/>", "")
                .apply(replace("<queue name=\"pairing.in-doubt\"/>", "").apply(text));
        try (TestBroker broker = TestBroker.startChanged(directory, change)) {
            assertThat(BrokerCheck.run(broker.factory(BrokerUsers.BRIDGE)))
                    .extracting(Finding::severity)
                    .containsExactly(Severity.UNSAFE, Severity.UNKNOWN);
        }
    }

    @Test
    void namesThePermissionsThatTheBridgeLacksOrMustNotHave() throws JMSException {
        try (TestBroker broker = TestBroker.start(directory)) {
            assertThat(BrokerCheck.permissions(broker.address(BrokerUsers.OPERATOR)))
                    .extracting(Finding::subject)
                    .containsExactlyInAnyOrder(
                            "pairing.requests",
                            "pairing.batches",
                            "pairing.expired",
                            "pairing.credentials",
                            "pairing.outcomes",
                            "pairing.dead-letters",
                            "pairing.in-doubt");
            assertThat(BrokerCheck.permissions(broker.address(BrokerUsers.ERP_CREDENTIALS)))
                    .anySatisfy(finding -> assertThat(finding.problem()).contains("may receive credentials"));
        }
    }

    @Test
    void namesAQueueThatIsMissingWhenItTriesPermissions() throws JMSException {
        UnaryOperator<String> change = replaceAll("(?s)<address name=\"pairing.(in-doubt|batches)\">.*?</address>", "");
        try (TestBroker broker = TestBroker.startChanged(directory, change)) {
            assertThat(BrokerCheck.permissions(broker.address(BrokerUsers.BRIDGE)))
                    .extracting(Finding::subject)
                    .containsExactly("pairing.batches", "pairing.in-doubt");
        }
    }

    @Test
    void leavesNoTraceOfItself() throws JMSException {
        try (TestBroker broker = TestBroker.start(directory)) {
            broker.send(BrokerUsers.ERP_REQUESTER, BrokerQueue.REQUESTS, "{}", Map.of("PairingJobId", "waits"));

            BrokerCheck.run(broker.factory(BrokerUsers.BRIDGE));
            BrokerCheck.permissions(broker.address(BrokerUsers.BRIDGE));

            Duration shortly = Duration.ofMillis(200);
            assertThat(broker.receive(BrokerUsers.ERP_CREDENTIALS, BrokerQueue.CREDENTIALS, shortly))
                    .isNull();
            assertThat(broker.receive(BrokerUsers.ERP_REQUESTER, BrokerQueue.OUTCOMES, shortly))
                    .isNull();
            assertThat(broker.receive(BrokerUsers.OPERATOR, BrokerQueue.DEAD_LETTERS, shortly))
                    .isNull();
            assertThat(broker.receive(BrokerUsers.OPERATOR, BrokerQueue.IN_DOUBT, shortly))
                    .isNull();
            assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, Duration.ofSeconds(10)))
                    .satisfies(request -> assertThat(request.getIntProperty("JMSXDeliveryCount"))
                            .isEqualTo(1));
            assertThat(broker.receive(BrokerUsers.BRIDGE, BrokerQueue.REQUESTS, shortly))
                    .isNull();
        }
    }

    @Test
    void failsIfTheBrokerCannotBeAskedAtAll() {
        TestBroker broker = TestBroker.start(directory);
        BrokerAddress wrong = new BrokerAddress(broker.url(), BrokerUsers.BRIDGE, "wrong");
        assertThatThrownBy(() -> BrokerCheck.run(BrokerConnections.factory(wrong)))
                .isInstanceOf(JMSSecurityException.class);
        broker.close();
        assertThatThrownBy(() -> BrokerCheck.run(broker.factory(BrokerUsers.BRIDGE)))
                .isInstanceOf(JMSException.class);
    }

    private static Arguments change(String name, UnaryOperator<String> change, String subject, String named) {
        return Arguments.of(Named.of(name, change), subject, named);
    }

    private static UnaryOperator<String> replace(String what, String with) {
        return text -> text.replace(what, with);
    }

    private static UnaryOperator<String> replaceAll(String what, String with) {
        return text -> text.replaceAll(what, with);
    }

    private static UnaryOperator<String> setTo(String setting, String value) {
        return replaceAll("<" + setting + ">.*?</" + setting + ">", "<" + setting + ">" + value + "</" + setting + ">");
    }

    /** Puts a setting into the address settings of one address, in place of the one that may be there. */
    private static UnaryOperator<String> in(String address, String setting) {
        return text -> {
            String open = "<address-setting match=\"" + address + "\">";
            int start = text.indexOf(open) + open.length();
            int end = text.indexOf("</address-setting>", start);
            String block = text.substring(start, end);
            for (String element : setting.split("(?<=</[a-z-]{1,40}>)")) {
                String name = element.substring(1, element.indexOf('>'));
                block = block.replaceAll("<" + name + ">.*?</" + name + ">", "");
            }
            return text.substring(0, start) + setting + block + text.substring(end);
        };
    }

    private static UnaryOperator<String> queue(String name, String content) {
        return replace("<queue name=\"" + name + "\"/>", "<queue name=\"" + name + "\">" + content + "</queue>");
    }

    private static UnaryOperator<String> attribute(String name, String attribute) {
        return replace("<queue name=\"" + name + "\"/>", "<queue name=\"" + name + "\" " + attribute + "/>");
    }
}
