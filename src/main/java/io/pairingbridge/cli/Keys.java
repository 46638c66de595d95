package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.ObjectMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import com.nimbusds.jose.jwk.ECKey;
import com.nimbusds.jose.jwk.JWK;
import com.nimbusds.jose.jwk.JWKSet;
import io.pairingbridge.sealing.KeyFileException;
import io.pairingbridge.sealing.KeyKind;
import io.pairingbridge.sealing.KeyPairs;
import io.pairingbridge.sealing.RecipientKeyPair;
import io.pairingbridge.sealing.RecipientKeys;
import io.pairingbridge.sealing.RecipientKeys.KeyInUse;
import io.pairingbridge.sealing.RotatingSealer;
import io.pairingbridge.settings.Settings;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFilePermission;
import java.text.ParseException;
import java.time.Clock;
import java.time.Duration;
import java.util.List;
import java.util.Set;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code keys}: the recipient's key pairs. */
@Command(
        name = "keys",
        mixinStandardHelpOptions = true,
        description = "Makes and lists the keys that credentials are sealed to.",
        footer = {
            "",
            "Examples:",
            "  pairing-bridge keys new --private private.jwk --public recipients.jwks",
            "  pairing-bridge keys show",
            "",
            ExitCodes.WORDS + "."
        },
        subcommands = {Keys.New.class, Keys.Show.class, Keys.ListFile.class})
public final class Keys implements Callable<Integer> {
    private static final ObjectMapper JSON = new ObjectMapper();

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() {
        throw new ParameterException(command.commandLine(), "say which: keys show, keys list or keys new");
    }

    /** {@code keys new}. */
    @Command(
            name = "new",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = {
                "Makes a key pair. Its public half comes first in the public file, so that it seals from the"
                        + " next job on, also in a running bridge. The private file has mode 0600 and is never overwritten; it belongs where"
                        + " credentials are opened, not where the bridge runs."
            },
            footer = {
                "",
                "Examples:",
                "  pairing-bridge keys new --private private.jwk --public recipients.jwks",
                "  pairing-bridge keys new --private next.jwk --kind P256 --kid 2027-01",
                "",
                ExitCodes.WORDS + "."
            })
    static final class New implements Callable<Integer> {
        @Spec
        private CommandSpec command;

        @Mixin
        private SettingsOptions options;

        @Option(
                names = "--private",
                required = true,
                paramLabel = "FILE",
                description = "the new file for the private key")
        private Path privateFile;

        @Option(
                names = "--public",
                paramLabel = "FILE",
                description =
                        "the file with public keys, made if it is not there; by default pairing.seal.recipient-keys")
        private Path publicFile;

        @Option(
                names = "--kind",
                defaultValue = "RSA3072",
                paramLabel = "KIND",
                description = "${COMPLETION-CANDIDATES}; default ${DEFAULT-VALUE}, the fastest to seal with")
        private KeyKind kind;

        @Option(names = "--kid", paramLabel = "ID", description = "the key's id; by default its thumbprint (RFC 7638)")
        private String keyId;

        @Mixin
        private Output output;

        @Override
        public Integer call() throws IOException {
            Path target = publicFile == null ? options.clientSettings().seal().recipientKeys() : publicFile;
            if (same(privateFile, target)) {
                throw new ParameterException(command.commandLine(), "--private and --public must be two files");
            }
            RecipientKeyPair pair = pair();
            refuseUnfit(target, pair.keyId());
            // In this order: were the public key there first, credentials could be sealed that nobody can ever open.
            KeyPairs.writePrivate(pair, privateFile);
            KeyPairs.writePublic(pair, target);
            Table table = new Table("", "");
            table.row("kid", pair.keyId());
            table.row("private", privateFile);
            table.row("public", target);
            output.print(
                    table,
                    JSON.createObjectNode()
                            .put("kid", pair.keyId())
                            .put("kind", kind.name())
                            .put("private_file", privateFile.toString())
                            .put("public_file", target.toString()));
            Screen.note(
                    "Take the private file to where credentials are opened, out of the bridge's reach, and keep a"
                            + " copy: without it nobody can open what is sealed to it. A running bridge seals to it from its next job on.");
            return 0;
        }

        private RecipientKeyPair pair() {
            try {
                return KeyPairs.generate(kind, keyId);
            } catch (IllegalArgumentException e) {
                throw new ParameterException(command.commandLine(), "--kid: " + e.getMessage(), e);
            }
        }

        /** Before the private file is written, which would stand in the way of the next try. */
        private static void refuseUnfit(Path target, String keyId) {
            if (Files.exists(target)) {
                if (RecipientKeys.load(target).keyIds().contains(keyId)) {
                    throw new KeyFileException("Public key file " + target + " has a key '" + keyId
                            + "' already: choose another with --kid.");
                }
            } else if (!Files.isDirectory(target.toAbsolutePath().getParent())) {
                throw new KeyFileException("Public key file " + target + " can't be made: its folder does not exist.");
            }
        }

        private static boolean same(Path one, Path other) throws IOException {
            return one.toAbsolutePath()
                            .normalize()
                            .equals(other.toAbsolutePath().normalize())
                    || Files.exists(one) && Files.exists(other) && Files.isSameFile(one, other);
        }
    }

    /** {@code keys show}. */
    @Command(
            name = "show",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description =
                    "Shows the public keys that credentials are sealed to with these settings: which one seals, which come after"
                            + " it, which one is the break-glass key, and how old each is. A running bridge uses the same ones.",
            footer = {
                "",
                "Example:",
                "  pairing-bridge keys show",
                "",
                "Exit code: 0 they can be used, 1 they cannot: a bridge does not start with them, and a running one goes on"
                        + " with those it has."
            })
    static final class Show implements Callable<Integer> {
        @Mixin
        private SettingsOptions options;

        @Mixin
        private Output output;

        @Override
        public Integer call() {
            Settings.Seal seal = options.clientSettings().seal();
            Table table = new Table("KID", "KIND", "USE", "AGE", "ENDS");
            ObjectNode object = JSON.createObjectNode().put("seal", seal.jwe() ? "jwe" : "none");
            ArrayNode list = object.putArray("keys");
            Clock clock = Clock.systemUTC();
            List<KeyInUse> keys = seal.jwe()
                    ? new RotatingSealer(seal.recipientKeys(), seal.breakGlassKeys(), clock).keys()
                    : List.of();
            for (KeyInUse key : keys) {
                String use = key.breakGlass() ? "break-glass" : key.sealing() ? "seals" : "listed";
                Long days = key.madeAt() == null
                        ? null
                        : Duration.between(key.madeAt(), clock.instant()).toDays();
                String ends = key.endsAt() == null ? null : key.endsAt().toString();
                table.row(
                        key.id(),
                        key.kind(),
                        use,
                        days == null ? "unknown" : days + " days",
                        ends == null ? "-" : Times.minute(ends));
                list.addObject()
                        .put("kid", key.id())
                        .put("kind", key.kind())
                        .put("use", use)
                        .put("age_days", days)
                        .put("ends_at", ends)
                        .put("file", (key.breakGlass() ? seal.breakGlassKeys() : seal.recipientKeys()).toString());
            }
            if (output.json() || seal.jwe()) {
                output.print(table, object);
            } else {
                Screen.print("None: pairing.seal=none, credentials lie open in the broker.");
            }
            return 0;
        }
    }

    /** {@code keys list}. */
    @Command(
            name = "list",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = "Lists the keys of a file, public or private, and tells which one seals.",
            footer = {
                "",
                "Examples:",
                "  pairing-bridge keys list recipients.jwks",
                "  pairing-bridge keys list private.jwk",
                "",
                "Exit code: 0 the file is fit for its purpose, 1 it is not, or cannot be read."
            })
    static final class ListFile implements Callable<Integer> {
        @Mixin
        private SettingsOptions options;

        @Parameters(
                arity = "0..1",
                paramLabel = "FILE",
                description = "a JWKS file; by default pairing.seal.recipient-keys")
        private Path file;

        @Mixin
        private Output output;

        @Override
        public Integer call() throws IOException {
            boolean sealing = file == null;
            Path target = sealing ? options.clientSettings().seal().recipientKeys() : file;
            KeyFileException unfit = null;
            try {
                RecipientKeys.load(target);
            } catch (KeyFileException e) {
                unfit = e;
            }
            List<JWK> keys = keys(target, unfit);
            boolean secret = keys.stream().anyMatch(JWK::isPrivate);
            show(target, keys, unfit == null);
            if (unfit == null) {
                return 0;
            }
            if (secret && !sealing && keys.stream().allMatch(JWK::isPrivate)) {
                return privateFile(target);
            }
            Screen.problem("pairing-bridge keys list", unfit.getMessage(), ExitCodes.FAILED);
            return ExitCodes.FAILED;
        }

        private void show(Path target, List<JWK> keys, boolean fit) {
            Table table = new Table("KID", "KIND", "BITS", "HALF", "SEALS");
            ObjectNode object =
                    JSON.createObjectNode().put("file", target.toString()).put("fit_for_sealing", fit);
            ArrayNode list = object.putArray("keys");
            for (JWK key : keys) {
                String kind = key instanceof ECKey ec
                        ? ec.getCurve().getName()
                        : key.getKeyType().getValue();
                String half = key.isPrivate() ? "private" : "public";
                boolean seals = fit && list.isEmpty();
                table.row(key.getKeyID(), kind, key.size(), half, seals ? "yes" : "no");
                list.addObject()
                        .put("kid", key.getKeyID())
                        .put("kind", kind)
                        .put("bits", key.size())
                        .put("half", half)
                        .put("seals", seals);
            }
            output.print(table, object);
        }

        private static int privateFile(Path target) throws IOException {
            Screen.note("This file opens credentials: it belongs out of the bridge's reach.");
            if (!target.getFileSystem().supportedFileAttributeViews().contains("posix")) {
                return 0;
            }
            Set<PosixFilePermission> permissions = Files.getPosixFilePermissions(target);
            if (permissions.stream().allMatch(p -> p.name().startsWith("OWNER_"))) {
                return 0;
            }
            Screen.problem(
                    "pairing-bridge keys list",
                    target + " is open to others: run 'chmod 600 " + target + "'",
                    ExitCodes.FAILED);
            return ExitCodes.FAILED;
        }

        private static List<JWK> keys(Path target, KeyFileException unfit) throws IOException {
            if (!Files.isRegularFile(target)) {
                throw unfit;
            }
            String text = Files.readString(target);
            try {
                return JWKSet.parse(text).getKeys();
            } catch (ParseException notASet) {
                try {
                    return List.of(JWK.parse(text));
                } catch (ParseException e) {
                    // Not the parser's words: they may quote what it could not read, and that may be a private key.
                    throw unfit != null
                            ? unfit
                            : new KeyFileException("Key file " + target + " holds no keys that can be" + " listed.");
                }
            }
        }
    }
}
