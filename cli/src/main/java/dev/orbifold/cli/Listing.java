package dev.orbifold.cli;

import dev.orbifold.graph.Finding;
import dev.orbifold.report.Table;
import dev.orbifold.symmetry.Group;
import dev.orbifold.symmetry.LinearSpace;
import dev.orbifold.symmetry.Space;
import dev.orbifold.symmetry.Verified;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;

/** The Spaces of a model and their Groups, for people and as JSON. */
final class Listing {
    private Listing() {
    }

    /** What a Group is called. */
    static String name(Group group) {
        return switch (group) {
            case Group.General g -> "General";
            case Group.Orthogonal g -> "Orthogonal";
            case Group.OrthogonalFixingOnes g -> "OrthogonalFixing(1)";
            case Group.RotationScaling g -> "RotationScaling";
            case Group.Rotation g -> "Rotation";
            case Group.Monomial m -> switch (m.diagonal()) {
                case SIGNS -> "SignedPermutation";
                case POSITIVE -> "Monomial (positive)";
                case REAL -> "Monomial (real)";
            };
            case Group.Permutation g -> "Permutation";
            case Group.Trivial g -> "Trivial";
        };
    }

    /** One object per Space. */
    static List<Map<String, Object>> spaces(Verified verified) {
        List<Map<String, Object>> all = new ArrayList<>();
        for (Space space : verified.units().spaces()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("name", space.name());
            fields.put("dimension", space.dimension());
            fields.put("group", name(space.group()));
            fields.put("copies", 1);
            fields.put("slots", space.slots().stream()
                    .map(s -> Map.of("parameter", s.parameter(), "axis", s.axis())).toList());
            all.add(fields);
        }
        for (LinearSpace space : verified.mixing().spaces()) {
            Map<String, Object> fields = new LinkedHashMap<>();
            fields.put("name", space.name());
            fields.put("dimension", space.dimension());
            fields.put("group", name(space.group()));
            fields.put("copies", space.copies());
            fields.put("slots", space.slots().stream()
                    .map(s -> Map.of("parameter", s.parameter(), "axis", s.axis())).toList());
            all.add(fields);
        }
        return all;
    }

    /** The Spaces, one a row. */
    static Table table(Verified verified) {
        Table table = new Table().left("Space").right("dimension").left("Group").right("Slots");
        for (Space space : verified.units().spaces()) {
            table.row(space.name(), String.valueOf(space.dimension()), name(space.group()),
                    String.valueOf(space.slots().size()));
        }
        for (LinearSpace space : verified.mixing().spaces()) {
            String copies = space.copies() == 1 ? "" : space.copies() + " × ";
            table.row(space.name(), copies + space.dimension(), name(space.group()),
                    String.valueOf(space.slots().size()));
        }
        return table;
    }

    /** What the user should know, one a line; empty where there is nothing. */
    static String findings(List<Finding> findings) {
        StringBuilder text = new StringBuilder();
        for (Finding finding : findings) {
            if (finding.severity() != Finding.Severity.INFO) {
                text.append(finding.severity().name().toLowerCase(Locale.ROOT)).append(": ").append(finding.place())
                        .append(": ").append(finding.message()).append('\n');
            }
        }
        return text.toString();
    }
}
