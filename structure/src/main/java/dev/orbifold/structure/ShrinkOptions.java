package dev.orbifold.structure;

import dev.orbifold.symmetry.Slot;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Symmetries;
import java.util.BitSet;
import java.util.List;
import java.util.regex.Pattern;

/**
 * What the user wants left alone while a Graph shrinks.
 *
 * @param minWidth the fewest units a Space may keep, at least 1
 * @param roundTo widths stay multiples of this where enough units are there; 1 for any width
 * @param exclude globs ({@code *} and {@code ?}) over Space names and parameter names: what matches keeps its width
 * @param tolerance entries up to this fraction of their slot's largest count as zero; 0 for exact zeros alone
 */
public record ShrinkOptions(int minWidth, int roundTo, List<String> exclude, double tolerance) {
    /** Nothing left alone, exact zeros alone. */
    public static final ShrinkOptions DEFAULT = new ShrinkOptions(1, 1, List.of(), 0);

    /**
     * Copies the globs.
     *
     * @throws StructureException if a number is out of range
     */
    public ShrinkOptions {
        exclude = List.copyOf(exclude);
        if (minWidth < 1) {
            throw new StructureException("the minimum width must be at least 1, found " + minWidth);
        }
        if (roundTo < 1) {
            throw new StructureException("widths can be rounded to multiples of 1 or more, found " + roundTo);
        }
        if (!(tolerance >= 0 && tolerance < 1)) {
            throw new StructureException("the tolerance must be in [0, 1), found " + tolerance);
        }
    }

    /** The same options with another minimum width. */
    public ShrinkOptions withMinWidth(int width) {
        return new ShrinkOptions(width, roundTo, exclude, tolerance);
    }

    /** The same options with widths rounded to multiples. */
    public ShrinkOptions withRoundTo(int multiple) {
        return new ShrinkOptions(minWidth, multiple, exclude, tolerance);
    }

    /** The same options with other globs. */
    public ShrinkOptions withExclude(List<String> globs) {
        return new ShrinkOptions(minWidth, roundTo, globs, tolerance);
    }

    /** The same options with another tolerance. */
    public ShrinkOptions withTolerance(double fraction) {
        return new ShrinkOptions(minWidth, roundTo, exclude, fraction);
    }

    /** Whether the Space or one of its parameters is named by a glob. */
    public boolean excludes(Space space) {
        return exclude.stream().anyMatch(glob -> fits(glob, space));
    }

    /** The globs that fit nothing: most likely misspelled. */
    public List<String> idle(Symmetries symmetries) {
        return exclude.stream().filter(glob -> symmetries.spaces().stream().noneMatch(s -> fits(glob, s))).toList();
    }

    /** Whether a Space with this name, or a parameter it meets, is to be left alone. */
    boolean excludes(String space, String parameter) {
        return exclude.stream().map(ShrinkOptions::pattern)
                .anyMatch(p -> p.matcher(space).matches() || p.matcher(parameter).matches());
    }

    /** Whether a name fits a glob of {@code *} and {@code ?}. */
    public static boolean matches(String glob, String name) {
        return pattern(glob).matcher(name).matches();
    }

    private static boolean fits(String glob, Space space) {
        Pattern pattern = pattern(glob);
        return pattern.matcher(space.name()).matches()
                || space.slots().stream().map(Slot::parameter).anyMatch(p -> pattern.matcher(p).matches());
    }

    /**
     * The width that may be reached when only so many units have to stay.
     *
     * @param needed units that have to stay
     * @param dimension units there are
     */
    public int width(int needed, int dimension) {
        int width = Math.max(needed, Math.min(minWidth, dimension));
        int rounded = Math.ceilDiv(width, roundTo) * roundTo;
        return Math.min(rounded, dimension);
    }

    /**
     * The units of a Space to keep when some may go: those that may not, and of the others the first ones until the width
     * is allowed.
     *
     * @param space the Space
     * @param removable units that may go
     */
    public BitSet keep(Space space, BitSet removable) {
        BitSet keep = new BitSet();
        keep.set(0, space.dimension());
        if (!space.shrinkable() || excludes(space)) {
            return keep;
        }
        keep.andNot(removable);
        int width = width(keep.cardinality(), space.dimension());
        for (int u = keep.nextClearBit(0); keep.cardinality() < width; u = keep.nextClearBit(u)) {
            keep.set(u);
        }
        return keep;
    }

    private static Pattern pattern(String glob) {
        StringBuilder regex = new StringBuilder();
        for (char c : glob.toCharArray()) {
            switch (c) {
                case '*' -> regex.append(".*");
                case '?' -> regex.append('.');
                default -> regex.append(Pattern.quote(String.valueOf(c)));
            }
        }
        return Pattern.compile(regex.toString());
    }
}
