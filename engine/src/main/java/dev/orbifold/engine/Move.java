package dev.orbifold.engine;

/**
 * How an image is moved before it is used: the pixel at (y, x) comes from (y + down, x + right), or from (y + down,
 * width − 1 − x + right) where flipped; outside the image there are pixels of value 0.
 */
record Move(int down, int right, boolean flip) {
    static final Move NONE = new Move(0, 0, false);
}
