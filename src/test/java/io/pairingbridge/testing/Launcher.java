package io.pairingbridge.testing;

import java.io.File;
import java.io.IOException;
import java.io.OutputStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.jar.Attributes;
import java.util.jar.JarOutputStream;
import java.util.jar.Manifest;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/** The launcher in a folder like a bundle's, with the classes of this build. */
public final class Launcher {
    private Launcher() {}

    /** A bundle's folder with the launcher and one jar that names the classes of this build; returns the launcher. */
    public static Path home(Path folder) throws IOException {
        Files.createDirectories(folder.resolve("lib"));
        Manifest manifest = new Manifest();
        manifest.getMainAttributes().put(Attributes.Name.MANIFEST_VERSION, "1.0");
        manifest.getMainAttributes()
                .put(
                        Attributes.Name.CLASS_PATH,
                        Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                                .map(entry -> Path.of(entry).toUri().toString())
                                .collect(Collectors.joining(" ")));
        try (OutputStream jar = Files.newOutputStream(folder.resolve("lib/all.jar"))) {
            new JarOutputStream(jar, manifest).close();
        }
        for (String linked : new String[] {"config", "docker", "routes"}) {
            Files.createSymbolicLink(folder.resolve(linked), Path.of(linked).toAbsolutePath());
        }
        Path launcher = Files.copy(
                Path.of("src/main/bin/pairing-bridge"),
                Files.createDirectories(folder.resolve("bin")).resolve("pairing-bridge"));
        launcher.toFile().setExecutable(true);
        return launcher;
    }
}
