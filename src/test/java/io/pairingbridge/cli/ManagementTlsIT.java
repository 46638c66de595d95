package io.pairingbridge.cli;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.pairingbridge.PairingBridge;
import io.pairingbridge.site.ManagementTls;
import io.pairingbridge.testing.Keytool;
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.net.Socket;
import java.net.URI;
import java.net.http.HttpClient;
import java.net.http.HttpRequest;
import java.net.http.HttpResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The management port over TLS, and the commands that talk to it. */
class ManagementTlsIT {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Test
    void speaksOnlyTlsAndTheCommandsFindTheirWay(@TempDir Path folder) throws Exception {
        Path store = keyStore(folder.resolve("management.p12"), "-ext", "SAN=ip:127.0.0.1");
        Path other = keyStore(folder.resolve("other.p12"), "-ext", "SAN=ip:127.0.0.1");
        try (RunningBridge running = new RunningBridge(
                folder,
                Map.of(
                        "pairing.management.keystore",
                        store.toString(),
                        "pairing.management.keystore-password",
                        "password-of-the-store"))) {
            int port = Integer.parseInt(running.settings.get("pairing.management.port"));
            assertThat(plain(port)).as("an answer in plain HTTP").doesNotContain("HTTP/1.1 200");
            HttpRequest health = HttpRequest.newBuilder(
                            URI.create("https://127.0.0.1:" + port + "/observe/health/ready"))
                    .build();
            assertThatThrownBy(() -> HttpClient.newHttpClient().send(health, HttpResponse.BodyHandlers.ofString()))
                    .as("Java does not trust this certificate")
                    .hasMessageContaining("PKIX");

            Ran status = Ran.command("status", "--json");
            assertThat(status.code()).as(status.all()).isZero();
            assertThat(JSON.readTree(status.out()).path("url").asText()).isEqualTo("https://127.0.0.1:" + port);
            assertThat(JSON.readTree(status.out()).path("queues").has("pairing.requests"))
                    .as("what needs the login")
                    .isTrue();
            assertThat(Ran.command("dead-letters").code()).isZero();
            String metrics = HttpClient.newBuilder()
                    .sslContext(ManagementTls.client(running.loaded().management()))
                    .build()
                    .send(
                            HttpRequest.newBuilder(URI.create("https://127.0.0.1:" + port + "/observe/metrics"))
                                    .build(),
                            HttpResponse.BodyHandlers.ofString())
                    .body();
            assertThat(metrics).contains("pairing_certificate_left_seconds{store=\"management.keystore\"}");

            try (SystemProperties elsewhere = new SystemProperties()) {
                elsewhere.with(Map.of(
                        "pairing.management.truststore",
                        other.toString(),
                        "pairing.management.truststore-password",
                        "password-of-the-store"));
                Ran wrong = Ran.command("dead-letters");
                assertThat(wrong.code()).isEqualTo(1);
                assertThat(wrong.err())
                        .contains("no TLS connection to", "certification path", "pairing.management.truststore");
                assertThat(Ran.command("status").err())
                        .contains("no TLS connection to", "certification path", "pairing.management.truststore");
            }
        }
    }

    @Test
    void refusesAKeyStoreThatIsOfNoUse(@TempDir Path folder) throws Exception {
        Path store = keyStore(folder.resolve("management.p12"));
        for (String bridge : List.of("a", "b", "c")) {
            Files.createDirectories(folder.resolve(bridge));
        }
        assertThatThrownBy(() -> new RunningBridge(
                        folder.resolve("a"),
                        Map.of(
                                "pairing.management.keystore",
                                store.toString(),
                                "pairing.management.keystore-password",
                                "a wrong password")))
                .hasMessageContaining("pairing.management.keystore")
                .hasMessageContaining("management.p12")
                .hasMessageContaining("password");
        assertThatThrownBy(() -> new RunningBridge(
                        folder.resolve("b"),
                        Map.of(
                                "pairing.management.keystore",
                                folder.resolve("none.p12").toString())))
                .hasMessageContaining("none.p12");
        Path certificate = folder.resolve("certificate.pem");
        Keytool.run(
                store,
                "password-of-the-store",
                "-exportcert",
                "-rfc",
                "-alias",
                "management",
                "-file",
                certificate.toString());
        Path trust = folder.resolve("trust.p12");
        Keytool.run(
                trust,
                "password-of-the-store",
                "-importcert",
                "-noprompt",
                "-alias",
                "management",
                "-file",
                certificate.toString());
        assertThatThrownBy(() -> new RunningBridge(
                        folder.resolve("c"),
                        Map.of(
                                "pairing.management.keystore",
                                trust.toString(),
                                "pairing.management.keystore-password",
                                "password-of-the-store")))
                .hasMessageContaining("holds no private key");
    }

    @Test
    void showsTheStatusAgainAndAgain(@TempDir Path folder) throws Exception {
        try (RunningBridge running = new RunningBridge(folder)) {
            List<String> command = new ArrayList<>(List.of(
                    Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                    "-cp",
                    System.getProperty("java.class.path")));
            running.settings.texts().forEach((key, value) -> command.add("-D" + key + "=" + value));
            command.addAll(List.of(PairingBridge.class.getName(), "status", "--watch", "--json"));
            Process watching = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            try (BufferedReader lines =
                    new BufferedReader(new InputStreamReader(watching.getInputStream(), StandardCharsets.UTF_8))) {
                JsonNode before = JSON.readTree(lines.readLine());
                assertThat(before.path("ready").asBoolean()).isTrue();
                assertThat(Ran.command(
                                        "submit",
                                        "--job",
                                        "watched",
                                        "--name",
                                        "Till 1",
                                        "--otp",
                                        "canary-0400",
                                        "--wait=1m")
                                .code())
                        .isEqualTo(3);
                JsonNode after;
                do {
                    after = JSON.readTree(lines.readLine());
                } while (after.path("jobs").path("REJECTED").asInt() == 0);
                running.bridge.close();
                do {
                    after = JSON.readTree(lines.readLine());
                } while (after.path("reachable").asBoolean());
                assertThat(after.path("problem").asText()).contains("no bridge answers");
            } finally {
                watching.destroy();
                watching.waitFor();
            }
        }
    }

    /** What a client without TLS is told. */
    private static String plain(int port) throws Exception {
        try (Socket socket = new Socket("127.0.0.1", port)) {
            socket.setSoTimeout(30_000);
            socket.getOutputStream()
                    .write("GET /observe/health HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n"
                            .getBytes(StandardCharsets.US_ASCII));
            return new String(socket.getInputStream().readAllBytes(), StandardCharsets.ISO_8859_1);
        }
    }

    private static Path keyStore(Path file, String... more) throws Exception {
        Files.createDirectories(file.getParent());
        List<String> arguments = new ArrayList<>(List.of(
                "-genkeypair",
                "-alias",
                "management",
                "-keyalg",
                "RSA",
                "-keysize",
                "3072",
                "-dname",
                "CN=" + file.getFileName(),
                "-validity",
                "30"));
        arguments.addAll(List.of(more));
        Keytool.run(file, "password-of-the-store", arguments.toArray(String[]::new));
        return file;
    }
}
