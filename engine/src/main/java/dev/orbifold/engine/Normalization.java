package dev.orbifold.engine;

import java.util.List;

/**
 * The map from stored numbers to inputs: (x / unit − mean) / std per channel, in float32.
 *
 * @param mean per channel, or one for all
 * @param std per channel, or one for all
 * @param unit 255 for pixels, 1 for numbers taken as they are
 */
record Normalization(List<Double> mean, List<Double> std, float unit) {
    /** The value 0 and the value 1 stay what they are. */
    static final Normalization NONE = new Normalization(List.of(), List.of(), 1);

    /** Whether this is the identity. */
    boolean isIdentity() {
        return unit == 1 && mean.stream().allMatch(m -> m == 0) && std.stream().allMatch(s -> s == 1);
    }

    float apply(int channel, float x) {
        return (x / unit - at(mean, channel, 0)) / at(std, channel, 1);
    }

    /** The images of all byte values, per channel. */
    float[][] tables(int channels) {
        float[][] tables = new float[channels][256];
        for (int c = 0; c < channels; c++) {
            for (int b = 0; b < 256; b++) {
                tables[c][b] = apply(c, b);
            }
        }
        return tables;
    }

    /** Checks that there is one number for all channels or one for each. */
    void fit(int channels, String source) {
        fit("mean", mean, channels, source);
        fit("std", std, channels, source);
    }

    private static void fit(String number, List<Double> values, int channels, String source) {
        if (values.size() > 1 && values.size() != channels) {
            throw new NormalizationException(number, "has " + values.size() + " values, but the items of " + source
                    + " have " + channels + (channels == 1 ? " channel" : " channels"));
        }
    }

    private static float at(List<Double> values, int channel, double otherwise) {
        return (float) (values.isEmpty() ? otherwise
                : values.get(values.size() == 1 ? 0 : channel).doubleValue());
    }
}
