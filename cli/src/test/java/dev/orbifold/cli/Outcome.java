package dev.orbifold.cli;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.io.PrintWriter;
import java.io.StringWriter;
import java.util.Arrays;
import picocli.CommandLine;

/**
 * What one command left behind, run inside this process.
 *
 * @param exitCode of the command
 * @param out what it printed on standard output
 * @param err what it printed on standard error
 */
record Outcome(int exitCode, String out, String err) {
    /** Runs a command with these words behind {@code orbifold}. */
    static Outcome of(Object... words) {
        StringWriter out = new StringWriter();
        StringWriter err = new StringWriter();
        CommandLine line = Main.commandLine();
        line.setOut(new PrintWriter(out));
        line.setErr(new PrintWriter(err));
        int exitCode = line.execute(Arrays.stream(words).map(Object::toString).toArray(String[]::new));
        return new Outcome(exitCode, out.toString(), err.toString());
    }

    /** Standard output as the one JSON document it must be. */
    JsonNode json() {
        try (var parser = new ObjectMapper().createParser(out)) {
            JsonNode document = parser.readValueAsTree();
            if (parser.nextToken() != null) {
                throw new AssertionError("more than one JSON document: " + out);
            }
            return document;
        } catch (IOException e) {
            throw new AssertionError("not JSON: " + out + "\n" + err, e);
        }
    }

    /** Everything, for the message of a failed assertion. */
    String all() {
        return "exit code " + exitCode + "\n--- out\n" + out + "\n--- err\n" + err;
    }
}
