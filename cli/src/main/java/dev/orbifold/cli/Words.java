package dev.orbifold.cli;

import java.util.Arrays;
import java.util.Locale;
import java.util.stream.Collectors;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.TypeConversionException;

/** Reads constants of an enumeration as they are typed: in lower case, with dashes. */
final class Words {
    private Words() {
    }

    /** A converter that names all words where it finds another one. */
    static <E extends Enum<E>> ITypeConverter<E> of(Class<E> type) {
        return text -> Arrays.stream(type.getEnumConstants()).filter(constant -> word(constant).equals(text))
                .findFirst().orElseThrow(() -> new TypeConversionException("expected one of "
                        + Arrays.stream(type.getEnumConstants()).map(Words::word).collect(Collectors.joining(", "))
                        + ", found '" + text + "'"));
    }

    /** The word of a constant. */
    static String word(Enum<?> constant) {
        return constant.name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
