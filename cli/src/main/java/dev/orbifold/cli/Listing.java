package dev.orbifold.cli;

import dev.orbifold.graph.Finding;
import dev.orbifold.report.Table;
import dev.orbifold.structure.Closeness;
import dev.orbifold.structure.Collapse;
import dev.orbifold.structure.Distances;
import dev.orbifold.structure.Spectrum;
import dev.orbifold.symmetry.Beside;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.Scaling;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Transform;
import dev.orbifold.symmetry.Verified;
import java.util.ArrayList;
import java.util.EnumSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Optional;
import java.util.Set;

/** The Spaces of a model and their Groups, for people and as JSON. */
final class Listing {
    private Listing() {
    }

    /** What the Group of all copies of a LinearSpace is called. */
    private static String whole(Verified verified, LinearSpace space) {
        return verified.copies(space).group().name();
    }

    /** Whether signs of a Space come with a bias correction. */
    private static boolean affine(Verified verified, Space space) {
        return verified.units().scalings(space).stream().anyMatch(Scaling::affine);
    }

    /** What the Group of a Space is called, whether its signs come with a bias correction, and what is scaled beside it. */
    private static String name(Verified verified, Space space) {
        return space.group().name() + (affine(verified, space) ? " (affine)" : "")
                + Beside.of(verified.units(), space).map(b -> "; " + word(b) + ": " + b.group().name()).orElse("");
    }

    /** Who takes back the scalings that no reader sees. */
    private static String word(Beside beside) {
        return beside.norms() ? "norms" : "writers";
    }

    /** What the table means by affine signs; empty where there are none. */
    static String corrections(Verified verified) {
        return verified.units().scalings().stream().noneMatch(Scaling::affine) ? ""
                : "(affine): signs come with a bias correction, since a flipped sigmoid is 1 minus what it was.\n";
    }

    /** Which units are next to death without being dead; empty where there are none. */
    static String near(Verified verified, Collapse collapse) {
        List<String> near = new ArrayList<>();
        for (Space space : verified.units().spaces()) {
            collapse.distances().get(space.id()).dead().ifPresent(dead -> {
                double tenth = dead.tenth();
                if (collapse.units().get(space.id()).dead() == 0 && dead.minimum() <= Closeness.NEAR) {
                    near.add(tenth <= Closeness.NEAR ? "a tenth and more of " + space.name()
                            : "some of " + space.name());
                }
            });
        }
        return near.isEmpty() ? ""
                : "Units that weigh 1 % of the others and less, but still something: " + String.join(", ", near)
                        + ". `shrink` leaves them.\n";
    }

    /** One object per Space. */
    static List<Map<String, Object>> spaces(Verified verified) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (Space space : verified.units().spaces()) {
            Map<String, Object> fields =
                    fields(space.name(), space.dimension(), space.group(), 1, space.slots().stream()
                            .map(s -> Map.<String, Object>of("parameter", s.parameter(), "axis", s.axis())).toList());
            fields.put("affine", affine(verified, space));
            Beside.of(verified.units(), space).ifPresent(b -> fields.put(word(b), b.group().name()));
            all.add(fields);
        }
        for (LinearSpace space : verified.mixing().spaces()) {
            Map<String, Object> fields = fields(space.name(), space.dimension(), space.group(), space.copies(), space
                    .slots().stream().map(s -> Map.<String, Object>of("parameter", s.parameter(), "axis", s.axis()))
                    .toList());
            fields.put("whole", whole(verified, space));
            all.add(fields);
        }
        return all;
    }

    private static Map<String, Object> fields(String name, int dimension, Group group, int copies,
            List<Map<String, Object>> slots) {
        Map<String, Object> fields = new LinkedHashMap<>();
        fields.put("name", name);
        fields.put("dimension", dimension);
        fields.put("group", group.name());
        fields.put("copies", copies);
        fields.put("slots", slots);
        return fields;
    }

    /** One object per Space, with the kinds of maps, of those wanted, that its elements are made of. */
    static List<Map<String, Object>> moved(Verified verified, Set<Transform.Kind> kinds) {
        List<Map<String, Object>> all = spaces(verified);
        List<Space> units = verified.units().spaces();
        for (int s = 0; s < all.size(); s++) {
            Set<Transform.Kind> applied = s < units.size() ? kinds(verified, units.get(s))
                    : EnumSet.of(Transform.Kind.ROTATION);
            applied.retainAll(kinds);
            all.get(s).put("applied", applied.stream().map(Words::word).toList());
        }
        return all;
    }

    private static Set<Transform.Kind> kinds(Verified verified, Space space) {
        Set<Transform.Kind> kinds = EnumSet.of(Transform.Kind.PERMUTATION);
        for (Scaling scaling : verified.units().scalings(space)) {
            if (scaling.diagonal() != Group.Diagonal.POSITIVE) {
                kinds.add(Transform.Kind.SIGN);
            }
            if (scaling.diagonal() != Group.Diagonal.SIGNS) {
                kinds.add(Transform.Kind.SCALING);
            }
        }
        return kinds;
    }

    /** One object per Space, with what has collapsed in it. */
    static List<Map<String, Object>> spaces(Verified verified, Collapse collapse) {
        List<Map<String, Object>> all = spaces(verified);
        int units = collapse.units().size();
        for (int s = 0; s < all.size(); s++) {
            Map<String, Object> fields = all.get(s);
            Optional<Spectrum> spectrum = s < units ? Optional.empty() : collapse.spectra().get(s - units);
            fields.put("dead", s < units ? collapse.units().get(s).dead() : 0);
            fields.put("duplicates", s < units ? collapse.units().get(s).twins() : 0);
            if (s < units) {
                collapse.units().get(s).saving().ifPresent(saving -> fields.put("saving", saving));
            }
            fields.put("rank", spectrum.map(Spectrum::rank).orElse((Integer) fields.get("dimension")));
            spectrum.ifPresent(x -> fields.put("spectra", x.values()));
            fields.put("distances", distances(collapse.distances().get(s)));
        }
        return all;
    }

    private static Map<String, Object> distances(Distances distances) {
        Map<String, Object> fields = new LinkedHashMap<>();
        distances.dead().ifPresent(q -> fields.put("dead", q));
        distances.twins().ifPresent(q -> fields.put("twins", q));
        distances.rank().ifPresent(q -> fields.put("rank", q));
        return fields;
    }

    /** The Spaces, one a row, with what has collapsed in them. */
    static Table table(Verified verified, Collapse collapse) {
        Table table = new Table().left("Space").right("dimension").left("Group").right("dead").right("twins")
                .right("rank");
        for (Space space : verified.units().spaces()) {
            Collapse.Units units = collapse.units().get(space.id());
            table.row(space.name(), String.valueOf(space.dimension()), name(verified, space), count(units.dead()),
                    count(units.twins()), "");
        }
        for (int s = 0; s < verified.mixing().spaces().size(); s++) {
            LinearSpace space = verified.mixing().spaces().get(s);
            String copies = space.copies() == 1 ? "" : space.copies() + " × ";
            table.row(space.name(), copies + space.dimension(), whole(verified, space), "", "",
                    collapse.spectra().get(s).map(x -> String.valueOf(x.rank())).orElse(""));
        }
        return table;
    }

    private static String count(int n) {
        return n == 0 ? "" : String.valueOf(n);
    }

    /** The Spaces, one a row, with the kinds of maps, of those wanted, that moved them. */
    static Table table(Verified verified, Set<Transform.Kind> kinds) {
        Table table = new Table().left("Space").right("dimension").left("Group").left("moved by");
        for (Space space : verified.units().spaces()) {
            Set<Transform.Kind> applied = kinds(verified, space);
            applied.retainAll(kinds);
            table.row(space.name(), String.valueOf(space.dimension()), name(verified, space), words(applied));
        }
        for (LinearSpace space : verified.mixing().spaces()) {
            String copies = space.copies() == 1 ? "" : space.copies() + " × ";
            Set<Transform.Kind> applied = EnumSet.of(Transform.Kind.ROTATION);
            applied.retainAll(kinds);
            table.row(space.name(), copies + space.dimension(), whole(verified, space), words(applied));
        }
        return table;
    }

    private static String words(Set<Transform.Kind> kinds) {
        return kinds.isEmpty() ? "nothing" : String.join(", ", kinds.stream().map(Words::word).toList());
    }

    /** The kinds of maps that some symmetry of a model is made of. */
    static Set<Transform.Kind> kinds(Verified verified) {
        Set<Transform.Kind> kinds = EnumSet.noneOf(Transform.Kind.class);
        verified.units().spaces().forEach(space -> kinds.addAll(kinds(verified, space)));
        if (!verified.mixing().spaces().isEmpty()) {
            kinds.add(Transform.Kind.ROTATION);
        }
        if (!verified.shifts().isEmpty()) {
            kinds.add(Transform.Kind.SHIFT);
        }
        return kinds;
    }

    /** That the report has notes which the terminal leaves out; empty where there are none. */
    static String notes(long count) {
        return count == 0 ? "" : count + (count == 1 ? " further note" : " further notes") + " in the report.\n";
    }

    /** What the user should know, one a line, and how many notes there are besides; empty where there is nothing. */
    static String findings(List<Finding> findings) {
        StringBuilder text = new StringBuilder();
        for (Finding finding : findings) {
            if (finding.severity() != Finding.Severity.INFO) {
                text.append(finding.severity().name().toLowerCase(Locale.ROOT)).append(": ").append(finding.place())
                        .append(": ").append(finding.message()).append('\n');
            }
        }
        return text.append(notes(findings.stream().filter(f -> f.severity() == Finding.Severity.INFO).count()))
                .toString();
    }
}
