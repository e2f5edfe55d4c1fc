package dev.orbifold.engine;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Optional;
import java.util.TreeMap;
import java.util.stream.Stream;

/**
 * Images in one folder per class, on disk or in {@code .tar} archives; classes are numbered in alphabetical order. A
 * training and a test part lie beside each other as {@code train} and {@code test} ({@code val} where there is no test).
 */
final class ImageFiles {
    private static final List<String> TESTS = List.of("test", "val");

    private ImageFiles() {
    }

    /** The data set of a folder, if it has archives or folders of images. */
    static Optional<DataSet> find(Path folder, DataOptions options) throws IOException {
        Path archive = folder.resolve("train.tar");
        if (Files.isRegularFile(archive)) {
            for (String test : TESTS) {
                Path other = folder.resolve(test + ".tar");
                if (Files.isRegularFile(other)) {
                    return Optional.of(pair(archive.toString(), classesOf(archive), other.toString(), classesOf(other),
                            options));
                }
            }
            return Optional.of(tar(archive, options));
        }
        Path train = folder.resolve("train");
        if (Files.isDirectory(train)) {
            for (String test : TESTS) {
                Path other = folder.resolve(test);
                if (Files.isDirectory(other)) {
                    return Optional.of(pair(train.toString(), classesIn(train), other.toString(), classesIn(other),
                            options));
                }
            }
            return Optional.of(single(train.toString(), classesIn(train), options));
        }
        if (folders(folder).isEmpty()) {
            return Optional.empty();
        }
        return Optional.of(single(folder.toString(), classesIn(folder), options));
    }

    /** The data set of one archive, with or without {@code train} and {@code test} in it. */
    static DataSet tar(Path path, DataOptions options) throws IOException {
        TreeMap<String, TreeMap<String, List<ImageSource>>> groups = groupsOf(path);
        TreeMap<String, List<ImageSource>> train = groups.get("train");
        for (String name : TESTS) {
            TreeMap<String, List<ImageSource>> test = groups.get(name);
            if (train != null && test != null) {
                return pair("train in " + path, train, name + " in " + path, test, options);
            }
        }
        return single(path.toString(), classesOf(path), options);
    }

    private static TreeMap<String, List<ImageSource>> classesOf(Path archive) throws IOException {
        TreeMap<String, List<ImageSource>> classes = new TreeMap<>();
        groupsOf(archive).values().forEach(group -> group
                .forEach((name, images) -> classes.computeIfAbsent(name, n -> new ArrayList<>()).addAll(images)));
        return classes;
    }

    /** Images by the folder above their class folder, then by class. */
    private static TreeMap<String, TreeMap<String, List<ImageSource>>> groupsOf(Path archive) throws IOException {
        TreeMap<String, TreeMap<String, List<ImageSource>>> groups = new TreeMap<>();
        List<TarFile.Entry> entries = new ArrayList<>(TarFile.entries(archive));
        entries.sort((a, b) -> a.name().compareTo(b.name()));
        for (TarFile.Entry entry : entries) {
            Path name = Path.of(entry.name()).normalize();
            if (isHidden(name)) {
                continue;
            }
            if (name.getNameCount() < 2) {
                throw new DataException(entry.name() + " in " + archive + " lies in no class folder");
            }
            String label = name.getName(name.getNameCount() - 2).toString();
            String group = name.getNameCount() < 3 ? "" : name.getName(name.getNameCount() - 3).toString();
            groups.computeIfAbsent(group, g -> new TreeMap<>()).computeIfAbsent(label, l -> new ArrayList<>())
                    .add(new ImageSource.InArchive(archive, entry));
        }
        return groups;
    }

    private static TreeMap<String, List<ImageSource>> classesIn(Path folder) throws IOException {
        TreeMap<String, List<ImageSource>> classes = new TreeMap<>();
        for (Path label : folders(folder)) {
            List<ImageSource> images = new ArrayList<>();
            try (Stream<Path> files = Files.list(label)) {
                files.filter(f -> Files.isRegularFile(f) && !isHidden(f)).sorted()
                        .forEach(f -> images.add(new ImageSource.InFile(f)));
            }
            if (images.isEmpty()) {
                throw new DataException("the class folder " + label + " is empty");
            }
            classes.put(String.valueOf(label.getFileName()), images);
        }
        return classes;
    }

    private static List<Path> folders(Path folder) throws IOException {
        try (Stream<Path> list = Files.list(folder)) {
            return list.filter(f -> Files.isDirectory(f) && !isHidden(f)).sorted().toList();
        }
    }

    private static boolean isHidden(Path file) {
        return String.valueOf(file.getFileName()).toLowerCase(Locale.ROOT).startsWith(".");
    }

    private static DataSet pair(String trainName, TreeMap<String, List<ImageSource>> train, String testName,
            TreeMap<String, List<ImageSource>> test, DataOptions options) {
        List<String> classes = List.copyOf(train.keySet());
        for (String name : test.keySet()) {
            if (!train.containsKey(name)) {
                throw new DataException("class " + name + " is in " + testName + " but not in " + trainName);
            }
        }
        return new DataSet(part(trainName, classes, train, options), part(testName, classes, test, options));
    }

    private static DataSet single(String name, TreeMap<String, List<ImageSource>> images, DataOptions options) {
        return DataSet.divided(part(name, List.copyOf(images.keySet()), images, options), options.seed());
    }

    private static Part part(String name, List<String> classes, TreeMap<String, List<ImageSource>> byClass,
            DataOptions options) {
        List<ImageSource> sources = new ArrayList<>();
        List<Integer> labels = new ArrayList<>();
        for (int label = 0; label < classes.size(); label++) {
            for (ImageSource source : byClass.getOrDefault(classes.get(label), List.of())) {
                sources.add(source);
                labels.add(label);
            }
        }
        if (sources.isEmpty()) {
            throw new DataException(name + " has no images in class folders");
        }
        EncodedImages encoded = EncodedImages.of(sources);
        long decoded = (long) encoded.size() * encoded.elements();
        Items items = decoded <= options.memory() ? encoded.decoded() : encoded;
        Targets targets = new Targets.Classes(labels.stream().mapToInt(Integer::intValue).toArray(), classes.size(),
                name, 1);
        return Part.of(name, items, targets, new Normalization(options.mean(), options.std(), 255), encoded.shape());
    }
}
