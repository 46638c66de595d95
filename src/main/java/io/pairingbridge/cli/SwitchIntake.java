package io.pairingbridge.cli;

import com.fasterxml.jackson.databind.JsonNode;
import io.pairingbridge.cli.ManagementClient.Refused;
import io.pairingbridge.cli.ManagementClient.Unreachable;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/** {@code intake open} and {@code intake close}. */
@Command(
        name = "intake",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Opens or closes the intake of one bridge: whether it takes requests. Calls under way end as ever, and requests stay in"
                    + " their queue. Several bridges on one journal have an intake each."
        },
        footer = {
            "",
            "Examples:",
            "  pairing-bridge intake close --note 'terminals are moved until 6 pm'",
            "  pairing-bridge intake open",
            "",
            ExitCodes.WORDS + "."
        },
        subcommands = {SwitchIntake.Open.class, SwitchIntake.Close.class})
public final class SwitchIntake implements Callable<Integer> {
    private static final int MOST_LOOKS = 20;
    private static final long LOOK_MILLIS = 250;

    @Spec
    private CommandSpec command;

    @Override
    public Integer call() {
        throw new ParameterException(command.commandLine(), "say which: intake open or intake close");
    }

    /** {@code intake open} */
    @Command(
            name = "open",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description =
                    "Takes requests again; if the endpoint was the cause, with one job first to see whether it is gone.",
            footer = {"", "Example:", "  pairing-bridge intake open", "", ExitCodes.WORDS + "."})
    static final class Open implements Callable<Integer> {
        @Mixin
        private ManagementClient bridge;

        @Mixin
        private Output output;

        @Override
        public Integer call() throws Unreachable, Refused, InterruptedException {
            bridge.call("openIntake");
            // It looks first whether jobs can be taken.
            for (int looks = 0;
                    looks < MOST_LOOKS
                            && "CLOSED"
                                    .equals(bridge.read("IntakeState")
                                            .path("IntakeState")
                                            .asText());
                    looks++) {
                Thread.sleep(LOOK_MILLIS);
            }
            return tell(bridge, output);
        }
    }

    /** {@code intake close} */
    @Command(
            name = "close",
            mixinStandardHelpOptions = true,
            sortOptions = false,
            description = "Stops taking requests until 'intake open', or the bridge's next start.",
            footer = {
                "",
                "Example:",
                "  pairing-bridge intake close --note 'terminals are moved until 6 pm'",
                "",
                ExitCodes.WORDS + "."
            })
    static final class Close implements Callable<Integer> {
        @Mixin
        private ManagementClient bridge;

        @Mixin
        private Output output;

        @Option(
                names = "--note",
                paramLabel = "TEXT",
                defaultValue = "by hand",
                description = "why: status, the page and the audit log show it;" + " by default '${DEFAULT-VALUE}'")
        private String note;

        @Override
        public Integer call() throws Unreachable, Refused {
            bridge.call("closeIntake", note);
            return tell(bridge, output);
        }
    }

    private static int tell(ManagementClient bridge, Output output) throws Unreachable, Refused {
        JsonNode intake = bridge.read("IntakeState", "IntakeReason", "IntakeSince", "Instance");
        String state = intake.path("IntakeState").asText();
        String reason = intake.path("IntakeReason").asText();
        output.done(
                Json.object()
                        .put("instance", intake.path("Instance").asText())
                        .put("state", state)
                        .put("reason", reason.isEmpty() ? null : reason)
                        .put("since", intake.path("IntakeSince").asText()),
                "The intake of bridge " + intake.path("Instance").asText() + " is " + state
                        + (reason.isEmpty() ? "." : ": " + reason));
        bridge.tellWhere();
        return ExitCodes.DONE;
    }
}
