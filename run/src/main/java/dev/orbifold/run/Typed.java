package dev.orbifold.run;

import java.io.File;
import java.util.Arrays;
import java.util.regex.Pattern;
import java.util.stream.Collectors;

/** Command lines for the user to type next, in the words in which the program was called this time. */
public final class Typed {
    /** The system property in which a launcher passes the name it was called by. */
    static final String PROPERTY = "orbifold.command";
    private static final boolean WINDOWS = File.separatorChar == '\\';
    private static final Pattern PLAIN = Pattern.compile(WINDOWS ? "[\\w./:~\\\\-]+" : "[\\w./:=,@%+~-]+");

    private Typed() {
    }

    /** The name of the program as it was typed, {@code orbifold} where nobody says. */
    public static String program() {
        return quoted(System.getProperty(PROPERTY, "orbifold"));
    }

    /** A command line that runs the program with the arguments, quoted where a shell needs it. */
    public static String command(Object... arguments) {
        return program() + Arrays.stream(arguments).map(argument -> " " + quoted(argument.toString()))
                .collect(Collectors.joining());
    }

    private static String quoted(String word) {
        if (PLAIN.matcher(word).matches()) {
            return word;
        }
        return WINDOWS ? "\"" + word + "\"" : "'" + word.replace("'", "'\\''") + "'";
    }
}
