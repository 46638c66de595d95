package io.pairingbridge.cli;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.Callable;
import java.util.stream.Collectors;
import java.util.stream.StreamSupport;
import picocli.AutoComplete;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Parameters;
import picocli.CommandLine.Spec;

/** {@code completion}: prints the script that lets a shell complete the commands and their options. */
@Command(
        name = "completion",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        description = {
            "Prints the script that lets your shell complete commands, options and their values. The bundle has the same ones"
                    + " in share/, for all users of a machine."
        },
        footer = {
            "",
            "Examples:",
            "  source <(pairing-bridge completion bash)",
            "  source <(pairing-bridge completion zsh)",
            "  pairing-bridge completion fish | source",
            "",
            ExitCodes.WORDS + "."
        })
public final class Completion implements Callable<Integer> {
    enum Shell {
        bash,
        zsh,
        fish
    }

    @Spec
    private CommandSpec command;

    @Parameters(paramLabel = "SHELL", description = "${COMPLETION-CANDIDATES}")
    private Shell shell;

    @Override
    public Integer call() {
        System.out.print(script(shell, command.root().commandLine()));
        return ExitCodes.DONE;
    }

    static String script(Shell shell, CommandLine root) {
        return switch (shell) {
            case bash -> AutoComplete.bash(root.getCommandName(), root);
            case zsh -> zsh(root);
            case fish -> fish(root);
        };
    }

    // ---- zsh ------------------------------------------------------------------------------------------------------

    /** As zsh's own completion system wants it: a function for each command, put into fpath or sourced. */
    private static String zsh(CommandLine root) {
        String name = root.getCommandName();
        StringBuilder script = new StringBuilder("#compdef ").append(name).append("\n\n");
        zsh(script, root);
        return script.append("if [ \"$funcstack[1]\" = _")
                .append(name)
                .append(" ]; then\n  _")
                .append(name)
                .append(" \"$@\"\nelse\n  compdef _")
                .append(name)
                .append(' ')
                .append(name)
                .append("\nfi\n")
                .toString();
    }

    private static void zsh(StringBuilder script, CommandLine command) {
        String function = "_" + command.getCommandSpec().qualifiedName("_");
        List<String> arguments = new ArrayList<>();
        for (OptionSpec option : options(command)) {
            for (String optionName : option.names()) {
                String value = option.arity().max() == 0
                        ? ""
                        : (option.arity().min() == 0 ? "::" : ":") + option.paramLabel() + ":"
                                + values(option, "(", " ", ")", "_files");
                arguments.add(quoted((option.isMultiValue() ? "*" : "") + optionName
                        + (value.isEmpty() ? "" : optionName.startsWith("--") ? "=" : "+") + "["
                        + summary(option).replaceAll("[\\[\\]:]", " ") + "]" + value));
            }
        }
        Map<String, CommandLine> below = command.getSubcommands();
        script.append(function).append("() {\n");
        if (below.isEmpty()) {
            String words = command.getCommandSpec().positionalParameters().isEmpty()
                    ? ""
                    : candidates(command, "(", " ", ")", "_files");
            script.append("  _arguments -s -S \\\n    ")
                    .append(String.join(" \\\n    ", arguments))
                    .append(" \\\n    ")
                    .append(quoted(words.isEmpty() ? "*: :" : "*::" + "value:" + words))
                    .append("\n}\n\n");
            return;
        }
        script.append("  local line state\n  _arguments -C -s -S \\\n    ")
                .append(String.join(" \\\n    ", arguments))
                .append(
                        " \\\n    '1: :->command' \\\n    '*::argument:->arguments'\n  case $state in\n  command)\n    local -a commands=(\n");
        below.forEach((name, one) -> script.append("      ")
                .append(quoted(name + ":" + summary(one)))
                .append('\n'));
        script.append("    )\n    _describe command commands\n    ;;\n  arguments)\n    case $line[1] in\n");
        below.keySet()
                .forEach(name -> script.append("    ")
                        .append(name)
                        .append(") ")
                        .append(function)
                        .append('_')
                        .append(name)
                        .append(" ;;\n"));
        script.append("    esac\n    ;;\n  esac\n}\n\n");
        below.values().forEach(one -> zsh(script, one));
    }

    // ---- fish -----------------------------------------------------------------------------------------------------

    private static String fish(CommandLine root) {
        StringBuilder script =
                new StringBuilder("complete -c ").append(root.getCommandName()).append(" -f\n");
        fish(script, root, root.getCommandName(), List.of());
        return script.toString();
    }

    private static void fish(StringBuilder script, CommandLine command, String program, List<String> path) {
        String here = path.isEmpty()
                ? ""
                : path.stream()
                        .map(name -> "__fish_seen_subcommand_from " + name)
                        .collect(Collectors.joining("; and "));
        Map<String, CommandLine> below = command.getSubcommands();
        String none = below.isEmpty() ? "" : "not __fish_seen_subcommand_from " + String.join(" ", below.keySet());
        String before = here + (here.isEmpty() || none.isEmpty() ? "" : "; and ") + none;
        String start = "complete -c " + program + (before.isEmpty() ? "" : " -n " + fishQuoted(before));
        below.forEach((name, one) -> script.append(start)
                .append(" -a ")
                .append(name)
                .append(" -d ")
                .append(fishQuoted(summary(one)))
                .append('\n'));
        for (OptionSpec option : options(command)) {
            script.append(start);
            for (String name : option.names()) {
                script.append(name.startsWith("--") ? " -l " + name.substring(2) : " -s " + name.substring(1));
            }
            if (option.arity().max() > 0) {
                String values = values(option, "", " ", "", "");
                script.append(option.arity().min() == 0 ? "" : isFile(option.type()) ? " -r -F" : " -x")
                        .append(values.isEmpty() ? "" : " -a " + fishQuoted(values));
            }
            script.append(" -d ").append(fishQuoted(summary(option))).append('\n');
        }
        if (!command.getCommandSpec().positionalParameters().isEmpty()) {
            String values = candidates(command, "", " ", "", "");
            boolean file = isFile(
                    command.getCommandSpec().positionalParameters().get(0).type());
            script.append(values.isEmpty() ? file ? start + " -F\n" : "" : start + " -a " + fishQuoted(values) + "\n");
        }
        below.forEach((name, one) -> {
            List<String> further = new ArrayList<>(path);
            further.add(name);
            fish(script, one, program, further);
        });
    }

    // ---- both -----------------------------------------------------------------------------------------------------

    private static List<OptionSpec> options(CommandLine command) {
        return command.getCommandSpec().options().stream()
                .filter(option -> !option.hidden())
                .toList();
    }

    private static String values(OptionSpec option, String begin, String between, String end, String files) {
        return values(option.completionCandidates(), option.type(), begin, between, end, files);
    }

    private static String candidates(CommandLine command, String begin, String between, String end, String files) {
        CommandLine.Model.PositionalParamSpec first =
                command.getCommandSpec().positionalParameters().get(0);
        return values(first.completionCandidates(), first.type(), begin, between, end, files);
    }

    private static String values(
            Iterable<String> candidates, Class<?> type, String begin, String between, String end, String files) {
        if (candidates != null) {
            return StreamSupport.stream(candidates.spliterator(), false)
                    .collect(Collectors.joining(between, begin, end));
        }
        return isFile(type) ? files : "";
    }

    private static boolean isFile(Class<?> type) {
        return type == java.nio.file.Path.class || type == java.io.File.class;
    }

    /** The first sentence of what it is for. */
    private static String summary(OptionSpec option) {
        return option.description().length == 0 ? "" : first(option.description()[0]);
    }

    static String summary(CommandLine command) {
        String[] description = command.getCommandSpec().usageMessage().description();
        return description.length == 0 ? "" : first(description[0]);
    }

    private static String first(String text) {
        return text.replaceAll("\\$\\{[A-Z-]+}", "")
                .replaceFirst("([.;:,](\\s|$)|\\(| which | - ).*", "")
                .replaceAll("\\s+", " ")
                .strip();
    }

    private static String quoted(String text) {
        return "'" + text.replace("'", "'\\''") + "'";
    }

    private static String fishQuoted(String text) {
        return "'" + text.replace("\\", "\\\\").replace("'", "\\'") + "'";
    }
}
