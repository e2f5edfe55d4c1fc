package dev.orbifold.engine;

import dev.orbifold.graph.Dim;
import dev.orbifold.graph.Shape;
import dev.orbifold.graph.ValueInfo;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Optional;

/**
 * Text as tokens: its characters, sorted, are numbered from 0; the target of every character is the next one. The last
 * tenth is the test part; both parts are cut into consecutive windows as long as the model's input.
 */
final class TextFile {
    private TextFile() {
    }

    static DataSet read(Path path, DataOptions options) throws IOException {
        int window = window(path, options);
        int[] characters;
        try {
            characters = StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(Files.readAllBytes(path)))
                    .codePoints().toArray();
        } catch (CharacterCodingException e) {
            throw new DataException(path + " is not text in UTF-8", e);
        }
        int[] vocabulary = Arrays.stream(characters).distinct().sorted().toArray();
        int[] tokens = Arrays.stream(characters).map(c -> Arrays.binarySearch(vocabulary, c)).toArray();
        int trained = (int) (tokens.length * 9L / 10);
        return new DataSet(part(path, tokens, 0, trained, window, vocabulary.length),
                part(path, tokens, trained, tokens.length, window, vocabulary.length));
    }

    private static Part part(Path path, int[] tokens, int from, int to, int window, int vocabulary) {
        int count = Math.max(0, to - from - 1) / window;
        if (count == 0) {
            throw new DataException("the text " + path + " has " + tokens.length
                    + " characters, too few for a training and a test part in windows of " + window);
        }
        return Part.of(path.toString(), new Items.Windows(tokens, from, count, window),
                new Targets.Next(count, window, vocabulary, path.toString()), Normalization.NONE, window);
    }

    private static int window(Path path, DataOptions options) {
        Optional<Dim> last = options.input().flatMap(ValueInfo::shape).filter(s -> s.rank() >= 2)
                .map((Shape s) -> s.dim(-1));
        if (last.isEmpty() || !last.get().isFixed() || last.get().size() < 1) {
            throw new DataException("the text " + path
                    + " is cut into windows as long as the model's input, which must have a fixed last axis; found "
                    + options.input().flatMap(ValueInfo::shape).map(Shape::toString).orElse("no input"));
        }
        return Math.toIntExact(last.get().size());
    }
}
