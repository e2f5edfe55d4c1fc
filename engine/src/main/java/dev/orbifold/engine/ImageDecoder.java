package dev.orbifold.engine;

import java.awt.image.BufferedImage;
import java.awt.image.DataBufferByte;
import java.awt.image.IndexColorModel;
import java.awt.image.Raster;
import java.io.ByteArrayInputStream;
import java.io.IOException;
import java.util.HashMap;
import java.util.Iterator;
import java.util.Map;
import javax.imageio.ImageIO;
import javax.imageio.ImageReader;
import javax.imageio.stream.MemoryCacheImageInputStream;

/** Decodes PNG and JPEG into bytes, channel after channel. Keeps its readers: one decoder per thread. */
final class ImageDecoder {
    private static final ThreadLocal<ImageDecoder> DECODERS = ThreadLocal.withInitial(ImageDecoder::new);

    static {
        // Decoding needs no display; without this, the desktop of some platforms is started.
        if (System.getProperty("java.awt.headless") == null) {
            System.setProperty("java.awt.headless", "true");
        }
    }

    private final Map<String, ImageReader> readers = new HashMap<>();

    private ImageDecoder() {
    }

    /** The calling thread's decoder. */
    static ImageDecoder here() {
        return DECODERS.get();
    }

    /** An image that is decoded but not yet cut into channels. */
    record Decoded(BufferedImage image) {
        int height() {
            return image.getHeight();
        }

        int width() {
            return image.getWidth();
        }

        /** 1 for grey images, 3 for all others. */
        int channels() {
            return image.getRaster().getNumBands() <= 2 && !(image.getColorModel() instanceof IndexColorModel) ? 1 : 3;
        }

        /** Writes channels × height × width bytes: red, green, blue, or grey; transparency is left out. */
        void write(byte[] into) {
            int plane = height() * width();
            if (image.getType() == BufferedImage.TYPE_3BYTE_BGR
                    && image.getRaster().getDataBuffer() instanceof DataBufferByte buffer
                    && buffer.getData().length == 3 * plane) {
                byte[] bgr = buffer.getData();
                for (int i = 0; i < plane; i++) {
                    into[i] = bgr[3 * i + 2];
                    into[plane + i] = bgr[3 * i + 1];
                    into[2 * plane + i] = bgr[3 * i];
                }
            } else if (image.getColorModel() instanceof IndexColorModel) {
                int[] colors = image.getRGB(0, 0, width(), height(), null, 0, width());
                for (int i = 0; i < plane; i++) {
                    into[i] = (byte) (colors[i] >> 16);
                    into[plane + i] = (byte) (colors[i] >> 8);
                    into[2 * plane + i] = (byte) colors[i];
                }
            } else {
                writeSamples(image.getRaster(), plane, into);
            }
        }

        private void writeSamples(Raster raster, int plane, byte[] into) {
            int[] samples = new int[plane];
            for (int c = 0; c < channels(); c++) {
                raster.getSamples(raster.getMinX(), raster.getMinY(), width(), height(), c, samples);
                int bits = raster.getSampleModel().getSampleSize(c);
                int full = (1 << Math.min(bits, 30)) - 1;
                for (int i = 0; i < plane; i++) {
                    into[c * plane + i] = (byte) (bits == 8 ? samples[i] : bits == 16 ? samples[i] >> 8
                            : Math.round(samples[i] * 255f / full));
                }
            }
        }
    }

    /**
     * Decodes one image.
     *
     * @throws IOException if the bytes are no PNG or JPEG, or are damaged
     */
    Decoded decode(byte[] bytes) throws IOException {
        ImageReader reader = reader(format(bytes));
        try (MemoryCacheImageInputStream in = new MemoryCacheImageInputStream(new ByteArrayInputStream(bytes))) {
            reader.setInput(in, true, true);
            return new Decoded(reader.read(0));
        } catch (RuntimeException e) {
            throw new IOException("damaged image: " + e.getMessage(), e);
        } finally {
            reader.setInput(null);
        }
    }

    private static String format(byte[] bytes) throws IOException {
        if (bytes.length > 2 && (bytes[0] & 0xFF) == 0xFF && (bytes[1] & 0xFF) == 0xD8) {
            return "jpeg";
        }
        if (bytes.length > 4 && (bytes[0] & 0xFF) == 0x89 && bytes[1] == 'P' && bytes[2] == 'N' && bytes[3] == 'G') {
            return "png";
        }
        throw new IOException("neither PNG nor JPEG");
    }

    private ImageReader reader(String format) throws IOException {
        ImageReader known = readers.get(format);
        if (known != null) {
            return known;
        }
        Iterator<ImageReader> found = ImageIO.getImageReadersByFormatName(format);
        if (!found.hasNext()) {
            throw new IOException("this Java cannot decode " + format + " images; it needs the module java.desktop");
        }
        ImageReader reader = found.next();
        readers.put(format, reader);
        return reader;
    }
}
