package dev.orbifold.report;

import java.util.Locale;

/** Numbers as people read them, the same in the terminal and on the page. */
public final class Units {
    private static final String[] PREFIXES = {"", " k", " M", " G", " T", " P", " E"};

    /** What stands where a number is not known. */
    public static final String UNKNOWN = "–";

    private Units() {
    }

    /** A count to three digits with a decimal prefix: {@code 940}, {@code 2.29 M}. */
    public static String count(double count) {
        if (!Double.isFinite(count)) {
            return UNKNOWN;
        }
        double scaled = Math.abs(count);
        int prefix = 0;
        while (scaled >= 999.5 && prefix < PREFIXES.length - 1) {
            scaled /= 1000;
            prefix++;
        }
        String digits = prefix == 0 && scaled == Math.rint(scaled) ? String.format(Locale.ROOT, "%.0f", scaled)
                : three(scaled);
        return (count < 0 ? "−" : "") + digits + PREFIXES[prefix];
    }

    /** Multiply-adds: {@code 2.29 M MACs}. */
    public static String macs(double macs) {
        return Double.isFinite(macs) ? count(macs) + " MACs" : UNKNOWN;
    }

    /** Bytes with a decimal prefix: {@code 512 B}, {@code 1.73 MB}. */
    public static String bytes(double bytes) {
        if (!Double.isFinite(bytes)) {
            return UNKNOWN;
        }
        String count = count(bytes);
        return Character.isDigit(count.charAt(count.length() - 1)) ? count + " B" : count + "B";
    }

    /** Milliseconds to two digits: {@code 0.12 ms}, {@code 3.4 ms}, {@code 127 ms}. */
    public static String millis(double millis) {
        if (!Double.isFinite(millis)) {
            return UNKNOWN;
        }
        int digits = Math.clamp(1 - (int) Math.floor(Math.log10(Math.max(Math.abs(millis), 1e-6))), 0, 6);
        return decimals(millis, digits) + " ms";
    }

    /** A percentage from 0 to 100 to hundredths: {@code 99.35 %}. */
    public static String percent(double percent) {
        return Double.isFinite(percent) ? decimals(percent, 2) + " %" : UNKNOWN;
    }

    /** A difference of percentages with its sign: {@code −0.06 points}. */
    public static String points(double points) {
        return Double.isFinite(points) ? signed(points, 2) + " points" : UNKNOWN;
    }

    /** A ratio: {@code 10.3×}. */
    public static String factor(double factor) {
        return Double.isFinite(factor) ? three(factor) + "×" : UNKNOWN;
    }

    /** A loss in nats to four decimals: {@code 0.0312}. */
    public static String loss(double loss) {
        return Double.isFinite(loss) ? decimals(loss, 4) : UNKNOWN;
    }

    /** A small number in scientific notation to two digits: {@code 3.1e-06}; zero is {@code 0}. */
    public static String scientific(double value) {
        if (!Double.isFinite(value)) {
            return UNKNOWN;
        }
        return value == 0 ? "0" : String.format(Locale.ROOT, "%.1e", value);
    }

    /** A duration: {@code 4.2 s}, {@code 2 min 14 s}, {@code 1 h 3 min}. */
    public static String seconds(double seconds) {
        if (!Double.isFinite(seconds)) {
            return UNKNOWN;
        }
        if (seconds < 9.95) {
            return decimals(seconds, 1) + " s";
        }
        long whole = Math.round(seconds);
        if (whole < 60) {
            return whole + " s";
        }
        return whole < 3600 ? whole / 60 + " min " + whole % 60 + " s"
                : whole / 3600 + " h " + whole % 3600 / 60 + " min";
    }

    /** A difference with its sign to so many decimals. */
    static String signed(double value, int digits) {
        String text = decimals(value, digits);
        return value > 0 && !text.equals(decimals(0, digits)) ? "+" + text : text;
    }

    private static String decimals(double value, int digits) {
        String text = String.format(Locale.ROOT, "%." + digits + "f", Math.abs(value));
        boolean zero = text.chars().allMatch(c -> c == '0' || c == '.');
        return value < 0 && !zero ? "−" + text : text;
    }

    private static String three(double value) {
        double size = Math.abs(value);
        return decimals(value, size >= 99.95 ? 0 : size >= 9.995 ? 1 : 2);
    }
}
