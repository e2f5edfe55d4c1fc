package dev.orbifold.report;

import java.util.ArrayList;
import java.util.List;

/**
 * A table in plain text: columns aligned by what a terminal shows, numbers to the right.
 *
 * <p>
 * Control characters of a name from a file are replaced, so that no table can steer the terminal.
 */
public final class Table {
    private static final String GAP = "  ";

    private enum Align {
        LEFT, RIGHT
    }

    private final List<String> heads = new ArrayList<>();
    private final List<Align> aligns = new ArrayList<>();
    private final List<List<String>> rows = new ArrayList<>();

    /** A table without columns. */
    public Table() {
    }

    /** Adds a column of words. */
    public Table left(String head) {
        return column(head, Align.LEFT);
    }

    /** Adds a column of numbers. */
    public Table right(String head) {
        return column(head, Align.RIGHT);
    }

    private Table column(String head, Align align) {
        if (!rows.isEmpty()) {
            throw new IllegalStateException("column " + head + " comes after " + rows.size() + " rows");
        }
        heads.add(printable(head));
        aligns.add(align);
        return this;
    }

    /**
     * Adds a row.
     *
     * @throws IllegalArgumentException if it has not one cell per column
     */
    public Table row(String... cells) {
        if (cells.length != heads.size()) {
            throw new IllegalArgumentException(
                    "a row of " + cells.length + " cells in a table of " + heads.size() + " columns");
        }
        rows.add(List.of(cells).stream().map(Table::printable).toList());
        return this;
    }

    /** The lines, each with a newline and without trailing blanks; no head where all heads are empty. */
    public String text() {
        int[] widths = new int[heads.size()];
        for (int column = 0; column < widths.length; column++) {
            int at = column;
            widths[column] = Math.max(width(heads.get(column)),
                    rows.stream().mapToInt(row -> width(row.get(at))).max().orElse(0));
        }
        StringBuilder text = new StringBuilder();
        if (heads.stream().anyMatch(head -> !head.isEmpty())) {
            append(text, heads, widths);
        }
        rows.forEach(row -> append(text, row, widths));
        return text.toString();
    }

    @Override
    public String toString() {
        return text();
    }

    private void append(StringBuilder text, List<String> cells, int[] widths) {
        StringBuilder line = new StringBuilder();
        for (int column = 0; column < widths.length; column++) {
            String cell = cells.get(column);
            String padding = " ".repeat(widths[column] - width(cell));
            line.append(column == 0 ? "" : GAP)
                    .append(aligns.get(column) == Align.RIGHT ? padding + cell : cell + padding);
        }
        text.append(line.toString().stripTrailing()).append('\n');
    }

    /** How many cells of a terminal the text takes: two for East Asian wide characters, none for combining ones. */
    static int width(String text) {
        return text.codePoints().map(Table::width).sum();
    }

    private static int width(int point) {
        return switch (Character.getType(point)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.FORMAT -> 0;
            default -> isWide(point) ? 2 : 1;
        };
    }

    private static boolean isWide(int point) {
        return in(point, 0x1100, 0x115F) || in(point, 0x2E80, 0xA4CF) || in(point, 0xAC00, 0xD7A3)
                || in(point, 0xF900, 0xFAFF) || in(point, 0xFE30, 0xFE6F) || in(point, 0xFF00, 0xFF60)
                || in(point, 0xFFE0, 0xFFE6) || in(point, 0x1F300, 0x1F64F) || in(point, 0x1F900, 0x1F9FF)
                || in(point, 0x20000, 0x3FFFD);
    }

    private static boolean in(int point, int first, int last) {
        return point >= first && point <= last;
    }

    private static String printable(String text) {
        StringBuilder printable = new StringBuilder();
        text.codePoints().map(point -> Character.isISOControl(point) ? 0xFFFD : point)
                .forEach(printable::appendCodePoint);
        return printable.toString();
    }
}
