package dev.orbifold.engine;

import java.io.IOException;
import java.util.Arrays;
import java.util.List;

/** Images that are decoded each time they are read. All have the shape of the first. */
record EncodedImages(List<ImageSource> sources, int channels, int height, int width) implements Items.Bytes {
    /** The shape of the first image. */
    static EncodedImages of(List<ImageSource> sources) {
        ImageSource first = sources.getFirst();
        try {
            ImageDecoder.Decoded image = ImageDecoder.here().decode(first.bytes());
            return new EncodedImages(sources, image.channels(), image.height(), image.width());
        } catch (IOException e) {
            throw unreadable(first, e);
        }
    }

    @Override
    public int size() {
        return sources.size();
    }

    @Override
    public int elements() {
        return channels * height * width;
    }

    long[] shape() {
        return new long[] {channels, height, width};
    }

    @Override
    public void read(int item, byte[] into) {
        ImageSource source = sources.get(item);
        try {
            ImageDecoder.Decoded image = ImageDecoder.here().decode(source.bytes());
            if (image.height() != height || image.width() != width || image.channels() > channels) {
                throw new DataException("the image " + source.name() + " is " + text(image.channels(), image.height(),
                        image.width()) + ", but the first one, " + sources.getFirst().name() + ", is "
                        + text(channels, height, width) + "; all must have one size");
            }
            image.write(into);
            if (image.channels() < channels) {
                int plane = height * width;
                System.arraycopy(into, 0, into, plane, plane);
                System.arraycopy(into, 0, into, 2 * plane, plane);
            }
        } catch (IOException e) {
            throw unreadable(source, e);
        }
    }

    /** All images decoded, in memory. */
    Items.StoredBytes decoded() {
        Items.StoredBytes stored = Items.StoredBytes.allocate(size(), elements());
        Workers.run(size(), 64, Workers.COUNT, (from, to) -> {
            byte[] image = new byte[elements()];
            for (int item = from; item < to; item++) {
                read(item, image);
                stored.memory().asSlice((long) item * elements(), elements())
                        .copyFrom(java.lang.foreign.MemorySegment.ofArray(image));
            }
        });
        return stored;
    }

    private static String text(int... shape) {
        return Arrays.toString(shape) + " (channels, height, width)";
    }

    private static DataException unreadable(ImageSource source, IOException e) {
        return new DataException("cannot read the image " + source.name() + ": " + e.getMessage(), e);
    }
}
