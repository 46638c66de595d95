package io.pairingbridge.bundle;

import static org.assertj.core.api.Assertions.assertThat;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/**
 * Each image that comes from elsewhere can be pinned by its digest, and docker/pin does so; an engine is not asked
 * here.
 */
class BaseImagesIT {
    private static final Path COMPOSE = Path.of("docker/compose.yaml");
    private static final Pattern IMAGE = Pattern.compile("\\$\\{PAIRING_([A-Z]+_IMAGE):-([^}]+)}");
    private static final String DIGEST = "sha256:" + "0123456789abcdef".repeat(4);

    @Test
    void takesEveryImageFromAVariableWithOneDefaultThatNamesAVersion() throws IOException {
        Map<String, Set<String>> defaults = new TreeMap<>();
        Matcher compose = IMAGE.matcher(Files.readString(COMPOSE));
        while (compose.find()) {
            defaults.computeIfAbsent(compose.group(1), name -> new TreeSet<>()).add(compose.group(2));
        }
        for (Path file : List.of(Path.of("docker/Dockerfile"), Path.of("docker/hawtio/Dockerfile"))) {
            Set<String> known = new HashSet<>();
            for (String line : Files.readAllLines(file)) {
                Matcher argument = Pattern.compile("ARG (\\w+_IMAGE)=(.+)").matcher(line);
                if (argument.matches()) {
                    assertThat(defaults)
                            .as("%s: build argument in compose.yaml", file)
                            .containsKey(argument.group(1));
                    defaults.get(argument.group(1)).add(argument.group(2));
                    known.add("${" + argument.group(1) + "}");
                }
                Matcher from = Pattern.compile("FROM (\\S+)(?: AS (\\w+))?").matcher(line);
                if (from.matches()) {
                    assertThat(known).as("%s: %s", file, line).contains(from.group(1));
                    known.add(from.group(2));
                }
            }
        }
        assertThat(defaults)
                .allSatisfy((name, values) -> assertThat(values)
                        .as(name)
                        .hasSize(1)
                        .first()
                        .asString()
                        .matches(".+:.+|.+@sha256:[0-9a-f]{64}")
                        .doesNotContain("latest"));
        assertThat(Files.readAllLines(COMPOSE))
                .filteredOn(line -> line.strip().startsWith("image:"))
                .allMatch(line -> line.contains("image: ${PAIRING_"));
    }

    @Test
    void pinsEachByTheDigestThatTheEngineTells(@TempDir Path folder) throws Exception {
        Files.copy(COMPOSE, folder.resolve("compose.yaml"));
        Path pin = Files.copy(Path.of("docker/pin"), folder.resolve("pin"));
        Files.setPosixFilePermissions(pin, PosixFilePermissions.fromString("rwx------"));
        Files.writeString(
                folder.resolve(".env"), "PAIRING_ENVIRONMENT=sandbox\nPAIRING_JRE_IMAGE=eclipse-temurin@sha256:old\n");
        Path docker = Files.writeString(folder.resolve("docker"), """
        #!/bin/sh
        [ "$1" = pull ] || echo "${5%%%%:*}@%s"
        """.formatted(DIGEST));
        Files.setPosixFilePermissions(docker, PosixFilePermissions.fromString("rwx------"));

        assertThat(run(folder, "--check")).isEqualTo(1);
        assertThat(run(folder)).isZero();
        assertThat(run(folder, "--check")).isZero();
        assertThat(Files.readAllLines(folder.resolve(".env")))
                .containsExactlyInAnyOrder(
                        "PAIRING_ENVIRONMENT=sandbox",
                        "PAIRING_MAVEN_IMAGE=maven@" + DIGEST,
                        "PAIRING_JRE_IMAGE=eclipse-temurin@" + DIGEST,
                        "PAIRING_POSTGRES_IMAGE=postgres@" + DIGEST,
                        "PAIRING_PROMETHEUS_IMAGE=prom/prometheus@" + DIGEST,
                        "PAIRING_GRAFANA_IMAGE=grafana/grafana@" + DIGEST);
    }

    private static int run(Path folder, String... arguments) throws IOException, InterruptedException {
        ProcessBuilder pin = new ProcessBuilder("./pin");
        pin.command().addAll(List.of(arguments));
        pin.directory(folder.toFile()).redirectErrorStream(true).redirectOutput(ProcessBuilder.Redirect.DISCARD);
        pin.environment().put("DOCKER", folder.resolve("docker").toString());
        return pin.start().waitFor();
    }
}
