package dev.orbifold.symmetry;

/** The angles by which a rotary embedding turns the pairs of a head's coordinates at every position. */
final class Waves {
    private Waves() {
    }

    /** One angle per position and pair, as (length, turned/2). */
    static float[] angles(int length, int turned) {
        int half = turned / 2;
        float[] angles = new float[length * half];
        for (int i = 0; i < angles.length; i++) {
            angles[i] = (float) (i / half * Math.pow(10, -(i % half) / (double) half));
        }
        return angles;
    }

    /** Their cosines or sines, the same for both coordinates of a pair, as (length, turned). */
    static float[] of(int length, int turned, boolean cosine) {
        int half = turned / 2;
        float[] angles = angles(length, turned);
        float[] waves = new float[length * turned];
        for (int i = 0; i < waves.length; i++) {
            double angle = angles[i / turned * half + i % half];
            waves[i] = (float) (cosine ? Math.cos(angle) : Math.sin(angle));
        }
        return waves;
    }
}
