package io.pairingbridge.cli;

import io.pairingbridge.PairingBridge;
import io.pairingbridge.Version;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Model.OptionSpec;
import picocli.CommandLine.Model.PositionalParamSpec;

/**
 * Writes what the build puts into the bundle's {@code share/}: completion for three shells, and a manual page for each
 * command. The pages are written as roff here: picocli's own generator writes AsciiDoc, which needs another program to
 * become one.
 */
public final class SharedFiles {
    private SharedFiles() {}

    /** @param arguments the folder */
    public static void main(String[] arguments) throws IOException {
        Path share = Path.of(arguments[0]);
        CommandLine root = PairingBridge.commands();
        String name = root.getCommandName();
        write(share.resolve("bash-completion/completions/" + name), Completion.script(Completion.Shell.bash, root));
        write(share.resolve("zsh/site-functions/_" + name), Completion.script(Completion.Shell.zsh, root));
        write(
                share.resolve("fish/vendor_completions.d/" + name + ".fish"),
                Completion.script(Completion.Shell.fish, root));
        manual(share.resolve("man/man1"), root);
    }

    private static void manual(Path folder, CommandLine command) throws IOException {
        write(folder.resolve(command.getCommandSpec().qualifiedName("-") + ".1"), page(command));
        for (CommandLine below : command.getSubcommands().values()) {
            manual(folder, below);
        }
    }

    private static void write(Path file, String text) throws IOException {
        Files.createDirectories(file.getParent());
        Files.writeString(file, text);
    }

    /** A page in the macros of man(7). */
    static String page(CommandLine command) {
        CommandSpec spec = command.getCommandSpec();
        String name = spec.qualifiedName("-");
        StringBuilder page = new StringBuilder(".TH \"" + name.toUpperCase(Locale.ROOT) + "\" 1 \"\" \"pairing-bridge "
                + Version.get() + "\" \"Pairing Bridge\"\n.nh\n.ad l\n");
        page.append(".SH NAME\n")
                .append(text(name + " - " + Completion.summary(command)))
                .append("\n.SH SYNOPSIS\n.nf\n");
        CommandLine.Help help =
                new CommandLine.Help(spec, CommandLine.Help.defaultColorScheme(CommandLine.Help.Ansi.OFF));
        page.append(text(help.synopsis(0).stripTrailing())).append("\n.fi\n.SH DESCRIPTION\n");
        for (String paragraph : spec.usageMessage().description()) {
            page.append(text(paragraph)).append("\n.PP\n");
        }
        arguments(page, spec);
        if (!command.getSubcommands().isEmpty()) {
            page.append(".SH COMMANDS\n");
            command.getSubcommands()
                    .forEach((below, one) -> page.append(".TP\n\\fB")
                            .append(text(below))
                            .append("\\fR\n")
                            .append(text(Completion.summary(one)))
                            .append('\n'));
        }
        footer(page, spec.usageMessage().footer());
        return page.append(".SH SEE ALSO\n")
                .append(seeAlso(command))
                .append('\n')
                .toString();
    }

    private static void arguments(StringBuilder page, CommandSpec spec) {
        page.append(".SH OPTIONS\n");
        for (PositionalParamSpec parameter : spec.positionalParameters()) {
            page.append(".TP\n\\fI")
                    .append(text(parameter.paramLabel()))
                    .append("\\fR\n")
                    .append(text(String.join(" ", parameter.description())))
                    .append('\n');
        }
        for (OptionSpec option : spec.options()) {
            String value = option.arity().max() == 0
                    ? ""
                    : option.arity().min() == 0 ? "[=" + option.paramLabel() + "]" : " " + option.paramLabel();
            page.append(".TP\n\\fB")
                    .append(text(String.join(", ", option.names())))
                    .append("\\fR")
                    .append(text(value))
                    .append('\n')
                    .append(text(String.join(" ", option.description())))
                    .append('\n');
        }
    }

    /** Examples as they are typed, what the exit code means under its usual head, and the rest as notes. */
    private static void footer(StringBuilder page, String[] lines) {
        StringBuilder examples = new StringBuilder();
        String exit = "";
        boolean example = false;
        boolean noted = false;
        for (String line : lines) {
            example = line.startsWith("Example") || example && !line.isEmpty();
            if (example && line.startsWith("  ")) {
                examples.append(text(line.strip())).append('\n');
            } else if (line.startsWith("Exit code: ")) {
                exit = line.substring("Exit code: ".length());
            } else if (!example && !line.isEmpty()) {
                page.append(noted ? "" : ".SH NOTES\n");
                noted = true;
                page.append(line.startsWith("  ") ? ".br\n" : ".PP\n")
                        .append(text(line.strip()))
                        .append('\n');
            }
        }
        page.append(examples.isEmpty() ? "" : ".SH EXAMPLES\n.nf\n" + examples + ".fi\n");
        page.append(exit.isEmpty() ? "" : ".SH EXIT STATUS\n" + text(exit) + "\n");
    }

    private static String seeAlso(CommandLine command) {
        List<String> pages = new ArrayList<>();
        if (command.getParent() != null) {
            pages.add(command.getParent().getCommandSpec().qualifiedName("-"));
        }
        command.getSubcommands()
                .values()
                .forEach(below -> pages.add(below.getCommandSpec().qualifiedName("-")));
        return pages.stream()
                .map(page -> "\\fB" + text(page) + "\\fR(1)")
                .reduce((one, other) -> one + ",\n" + other)
                .orElse("");
    }

    /** Text that roff prints as it is: a hyphen that can be copied, no line that is a request. */
    private static String text(String text) {
        return text.replace("%n", "\n")
                .replace("%%", "%")
                .replace("\\", "\\e")
                .replace("-", "\\-")
                .replaceAll("(?m)^([.'])", "\\\\&$1");
    }
}
