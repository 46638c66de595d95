package io.pairingbridge.bundle;

import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;
import static org.assertj.core.api.Assertions.catchThrowable;

import com.google.gson.Gson;
import com.google.gson.JsonElement;
import com.google.gson.JsonObject;
import io.kubernetes.client.openapi.models.V1ConfigMap;
import io.kubernetes.client.openapi.models.V1Deployment;
import io.kubernetes.client.openapi.models.V1NetworkPolicy;
import io.kubernetes.client.openapi.models.V1PodDisruptionBudget;
import io.kubernetes.client.openapi.models.V1Secret;
import io.kubernetes.client.openapi.models.V1Service;
import io.pairingbridge.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import java.util.stream.StreamSupport;
import org.junit.jupiter.api.Assumptions;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.springframework.util.FileSystemUtils;
import org.yaml.snakeyaml.Yaml;

/**
 * docker/kubernetes against the shapes of Kubernetes' objects, the bridge's settings and, where there is one,
 * kustomize.
 */
class KubernetesTest {
    private static final Path BASE = Path.of("docker/kubernetes/base");
    private static final Path EXAMPLE = Path.of("docker/kubernetes/example/kustomization.yaml");
    private static final Path KUBECTL = Path.of("/usr/bin/kubectl");

    private interface Shape {
        void check(JsonElement object) throws IOException;
    }

    private static final Map<String, Shape> SHAPES = Map.of(
            "apps/v1 Deployment",
            V1Deployment::validateJsonElement,
            "v1 Service",
            V1Service::validateJsonElement,
            "networking.k8s.io/v1 NetworkPolicy",
            V1NetworkPolicy::validateJsonElement,
            "policy/v1 PodDisruptionBudget",
            V1PodDisruptionBudget::validateJsonElement,
            "v1 ConfigMap",
            V1ConfigMap::validateJsonElement,
            "v1 Secret",
            V1Secret::validateJsonElement);

    @Test
    void everyObjectOfTheBaseHasItsShape() throws IOException {
        List<String> kinds = new ArrayList<>();
        for (JsonElement file : parsed(Files.readString(BASE.resolve("kustomization.yaml")))
                .get(0)
                .getAsJsonArray("resources")) {
            for (JsonObject object : parsed(Files.readString(BASE.resolve(file.getAsString())))) {
                kinds.add(kind(object));
                SHAPES.get(kind(object)).check(object);
            }
        }
        assertThat(kinds)
                .containsExactlyInAnyOrder(
                        "apps/v1 Deployment",
                        "v1 Service",
                        "networking.k8s.io/v1 NetworkPolicy",
                        "policy/v1 PodDisruptionBudget");
        try (Stream<Path> files = Files.list(BASE)) {
            assertThat(files)
                    .as("files of the base, one an object, and its list")
                    .hasSize(kinds.size() + 1);
        }
    }

    @Test
    void aFieldThatKubernetesDoesNotKnowIsFound() throws IOException {
        String deployment = Files.readString(BASE.resolve("deployment.yaml"));
        for (String wrong : List.of(
                deployment.replace("livenessProbe:", "livenesProbe:"),
                deployment.replace("  selector:\n    matchLabels", "  select:\n    matchLabels"),
                deployment.replace("readOnlyRootFilesystem", "readOnlyRootFileSystem"))) {
            assertThat(wrong).isNotEqualTo(deployment);
            assertThatThrownBy(
                            () -> V1Deployment.validateJsonElement(parsed(wrong).get(0)))
                    .isInstanceOf(IllegalArgumentException.class);
        }
    }

    @Test
    void thePodIsLockedDownAndRunsAsWhoeverItIsTold() throws IOException {
        JsonObject pod = pod();
        JsonObject container = pod.getAsJsonArray("containers").get(0).getAsJsonObject();
        assertThat(pod.getAsJsonObject("securityContext").get("runAsNonRoot").getAsBoolean())
                .isTrue();
        assertThat(pod.toString())
                .as("OpenShift chooses the user")
                .doesNotContain("runAsUser", "runAsGroup", "fsGroup");
        assertThat(container.getAsJsonObject("securityContext").toString())
                .isEqualTo("{\"allowPrivilegeEscalation\":false,\"readOnlyRootFilesystem\":true,"
                        + "\"capabilities\":{\"drop\":[\"ALL\"]}}");
        assertThat(pod.get("enableServiceLinks").getAsBoolean()).isFalse();
        assertThat(pod.get("automountServiceAccountToken").getAsBoolean()).isFalse();
        assertThat(pod.get("terminationGracePeriodSeconds").getAsInt())
                .as("longer than a call's deadline and 5 s")
                .isGreaterThan(35);
        for (Map.Entry<String, String> probe : Map.of(
                        "startupProbe", "live", "livenessProbe", "live", "readinessProbe", "ready")
                .entrySet()) {
            assertThat(container
                            .getAsJsonObject(probe.getKey())
                            .getAsJsonObject("httpGet")
                            .get("path")
                            .getAsString())
                    .as(probe.getKey())
                    .isEqualTo("/observe/health/" + probe.getValue());
        }
        Set<String> writable = new TreeSet<>();
        container.getAsJsonArray("volumeMounts").forEach(mount -> {
            if (!mount.getAsJsonObject().has("readOnly")) {
                writable.add(mount.getAsJsonObject().get("mountPath").getAsString());
            }
        });
        assertThat(writable).containsExactly("/tmp", "/var/lib/pairing-bridge");
        assertThat(environment(container).get("PAIRING_DATA_DIRECTORY"))
                .as("a folder in the volume, for itself alone")
                .isEqualTo("/var/lib/pairing-bridge/data");
    }

    @Test
    void everyVariableIsASettingAndEverySecretAFile() throws IOException {
        Map<String, String> environment =
                environment(pod().getAsJsonArray("containers").get(0).getAsJsonObject());
        parsed(Files.readString(EXAMPLE))
                .get(0)
                .getAsJsonArray("configMapGenerator")
                .get(0)
                .getAsJsonObject()
                .getAsJsonArray("literals")
                .forEach(literal -> environment.put(
                        "PAIRING_"
                                + literal.getAsString()
                                        .replaceFirst("=.*", "")
                                        .replace('-', '_')
                                        .toUpperCase(Locale.ROOT),
                        literal.getAsString().replaceFirst("[^=]*=", "")));
        Throwable refused = catchThrowable(() -> Settings.load(Path.of(""), "production", environment, Map.of()));
        assertThat(refused.getMessage().lines())
                .as("what is wrong without the files")
                .isNotEmpty()
                .allMatch(line -> line.contains("/run/secrets/"));

        Set<String> named = new TreeSet<>();
        Matcher file = Pattern.compile("/run/secrets/([a-z.-]+)")
                .matcher(Files.readString(BASE.resolve("deployment.yaml")) + Files.readString(EXAMPLE));
        while (file.find()) {
            named.add(file.group(1));
        }
        Set<String> generated = new TreeSet<>();
        parsed(Files.readString(EXAMPLE))
                .get(0)
                .getAsJsonArray("secretGenerator")
                .get(0)
                .getAsJsonObject()
                .getAsJsonArray("files")
                .forEach(secret -> generated.add(secret.getAsString().replace("secrets/", "")));
        assertThat(generated).isEqualTo(named);
    }

    @Test
    void kustomizeBuildsTheExample(@TempDir Path folder) throws Exception {
        if (!Files.isExecutable(KUBECTL)) {
            System.out.println("SKIPPED: KubernetesTest needs " + KUBECTL + " to build the example");
        }
        Assumptions.assumeTrue(Files.isExecutable(KUBECTL), "needs kubectl");
        FileSystemUtils.copyRecursively(Path.of("docker/kubernetes"), folder);
        for (JsonElement secret : parsed(Files.readString(EXAMPLE))
                .get(0)
                .getAsJsonArray("secretGenerator")
                .get(0)
                .getAsJsonObject()
                .getAsJsonArray("files")) {
            Path file = folder.resolve("example").resolve(secret.getAsString());
            Files.createDirectories(file.getParent());
            Files.writeString(file, "a secret");
        }
        Path out = folder.resolve("built.yaml");
        Path err = folder.resolve("kustomize.log");
        assertThat(new ProcessBuilder(
                                KUBECTL.toString(),
                                "kustomize",
                                folder.resolve("example").toString())
                        .redirectOutput(out.toFile())
                        .redirectError(err.toFile())
                        .start()
                        .waitFor())
                .as(Files.readString(err))
                .isZero();
        List<JsonObject> built = parsed(Files.readString(out));
        for (JsonObject object : built) {
            SHAPES.get(kind(object)).check(object);
            assertThat(object.getAsJsonObject("metadata").get("namespace").getAsString())
                    .isEqualTo("pairing");
        }
        assertThat(built).extracting(KubernetesTest::kind).containsExactlyInAnyOrderElementsOf(SHAPES.keySet());
        JsonObject deployment = built.stream()
                .filter(object -> kind(object).endsWith("Deployment"))
                .findFirst()
                .orElseThrow();
        assertThat(deployment.toString())
                .contains("\"image\":\"registry.example.com/pairing-bridge:0.1.0\"", "\"defaultMode\":288")
                .containsPattern("\"secretName\":\"pairing-bridge-[a-z0-9]+\"")
                .containsPattern("\"configMapKeyRef\":\\{\"key\":\"broker-url\",\"name\":\"pairing-bridge-[a-z0-9]+\"");
    }

    private static JsonObject pod() throws IOException {
        return parsed(Files.readString(BASE.resolve("deployment.yaml")))
                .get(0)
                .getAsJsonObject("spec")
                .getAsJsonObject("template")
                .getAsJsonObject("spec");
    }

    /** Those of a config map are empty. */
    private static Map<String, String> environment(JsonObject container) {
        Map<String, String> environment = new TreeMap<>();
        container
                .getAsJsonArray("env")
                .forEach(one -> environment.put(
                        one.getAsJsonObject().get("name").getAsString(),
                        one.getAsJsonObject().has("value")
                                ? one.getAsJsonObject().get("value").getAsString()
                                : ""));
        return environment;
    }

    private static String kind(JsonObject object) {
        return object.get("apiVersion").getAsString() + " " + object.get("kind").getAsString();
    }

    private static List<JsonObject> parsed(String yaml) {
        return StreamSupport.stream(new Yaml().loadAll(yaml).spliterator(), false)
                .map(object -> new Gson().toJsonTree(object).getAsJsonObject())
                .toList();
    }
}
