package dev.orbifold.engine;

import java.io.BufferedReader;
import java.io.EOFException;
import java.io.IOException;
import java.io.InputStream;
import java.io.InputStreamReader;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.Locale;
import java.util.zip.GZIPInputStream;

/**
 * Comma-separated numbers under a header with a {@code label} column. Whole labels are classes, others numbers to be
 * predicted; all other columns are the item, in their order.
 */
final class CsvTable {
    private static final String LABEL = "label";

    private final String name;
    private final String[] columns;
    private final int labelColumn;
    private float[] values;
    private float[] labels = new float[1024];
    private boolean whole = true;
    private int rows;

    private CsvTable(String name, String header) {
        this.name = name;
        this.columns = header.strip().split(",", -1);
        int found = -1;
        for (int i = 0; i < columns.length; i++) {
            columns[i] = unquoted(columns[i]);
            if (columns[i].toLowerCase(Locale.ROOT).equals(LABEL)) {
                found = i;
            }
        }
        if (found < 0) {
            throw new DataException(name + " has no column called " + LABEL + "; found "
                    + String.join(", ", Arrays.copyOf(columns, Math.min(8, columns.length)))
                    + (columns.length > 8 ? ", …" : ""));
        }
        if (columns.length < 2) {
            throw new DataException(name + " has no column but " + LABEL);
        }
        this.labelColumn = found;
        this.values = new float[1024 * (columns.length - 1)];
    }

    /** Reads the table; the stream is left open. */
    static Part read(String name, InputStream stream, DataOptions options) throws IOException {
        InputStream plain = name.toLowerCase(Locale.ROOT).endsWith(".gz") ? new GZIPInputStream(stream, 1 << 16)
                : stream;
        try {
            BufferedReader lines = new BufferedReader(new InputStreamReader(plain, StandardCharsets.UTF_8), 1 << 16);
            String header = lines.readLine();
            if (header == null) {
                throw new DataException(name + " is empty");
            }
            CsvTable table = new CsvTable(name, header.startsWith("\uFEFF") ? header.substring(1) : header);
            int number = 1;
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                number++;
                if (!line.isBlank()) {
                    table.add(line, number);
                }
            }
            return table.part(options);
        } catch (EOFException | java.util.zip.ZipException e) {
            throw new DataException(name + " is truncated or damaged: " + e.getMessage(), e);
        }
    }

    private void add(String line, int number) {
        int width = columns.length - 1;
        if (values.length < (rows + 1L) * width) {
            values = Arrays.copyOf(values, grown(values.length, number));
        }
        if (labels.length == rows) {
            labels = Arrays.copyOf(labels, grown(labels.length, number));
        }
        int column = 0;
        int at = rows * width;
        int start = 0;
        while (start <= line.length()) {
            int comma = line.indexOf(',', start);
            int end = comma < 0 ? line.length() : comma;
            if (column < columns.length) {
                float value = number(line.substring(start, end), number, column);
                if (column == labelColumn) {
                    labels[rows] = value;
                    whole &= value == Math.rint(value) && Math.abs(value) < 1 << 24;
                } else {
                    values[at++] = value;
                }
            }
            column++;
            start = end + 1;
        }
        if (column != columns.length) {
            throw new DataException("row " + number + " of " + name + " has " + column + " values, expected "
                    + columns.length + " as in the header");
        }
        rows++;
    }

    private int grown(int length, int number) {
        if (length > Integer.MAX_VALUE / 2) {
            throw new DataException(name + " has more values than fit in memory, in row " + number
                    + "; store it as .npz instead");
        }
        return length * 2;
    }

    private float number(String text, int row, int column) {
        float value;
        try {
            value = Float.parseFloat(unquoted(text));
        } catch (NumberFormatException e) {
            throw new DataException("row " + row + " of " + name + ": column " + columns[column]
                    + " should be a number, found \"" + text.strip() + "\"", e);
        }
        if (!Float.isFinite(value)) {
            throw new DataException("row " + row + " of " + name + ": column " + columns[column]
                    + " should be a finite number, found " + value);
        }
        return value;
    }

    private Part part(DataOptions options) {
        int width = columns.length - 1;
        Items items = new Items.Floats(MemorySegment.ofArray(Arrays.copyOf(values, rows * width)), rows, width);
        return Part.of(name, items, targets(), new Normalization(options.mean(), options.std(), 1), width);
    }

    private Targets targets() {
        if (!whole) {
            return new Targets.Rows(Arrays.copyOf(labels, rows), rows, 1);
        }
        int[] classes = new int[rows];
        for (int i = 0; i < rows; i++) {
            classes[i] = (int) labels[i];
            if (classes[i] < 0) {
                throw new DataException("label " + classes[i] + " of item " + (i + 1) + " in " + name
                        + " is out of range: classes are numbered from 0");
            }
        }
        return new Targets.Classes(classes, Arrays.stream(classes).max().orElse(-1) + 1, name, 2);
    }

    private static String unquoted(String text) {
        String bare = text.strip();
        return bare.length() >= 2 && bare.startsWith("\"") && bare.endsWith("\"")
                ? bare.substring(1, bare.length() - 1) : bare;
    }
}
