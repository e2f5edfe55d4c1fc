package dev.orbifold.report;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.Collection;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeSet;

/**
 * Where the Spaces and blocks of a scanned network are drawn: one row each, from input to output. A Space runs down a lane
 * from its first block to its last; Spaces between the same blocks share one; a lane that has ended is used again.
 */
final class Lanes {
    /**
     * A Space or a block.
     *
     * @param lane from 0
     * @param row from 0
     * @param space the Space's place in the result, or −1 for a block
     * @param parameters names of the block's parameters
     * @param reads Spaces that the block reads, by place
     * @param writes Spaces that the block writes, by place
     */
    record Mark(int lane, int row, int space, List<String> parameters, Set<Integer> reads, Set<Integer> writes) {
    }

    /**
     * A stroke between two points, each lane and row.
     *
     * @param space the Space whose lane it is, or −1 for an edge between a block and a lane
     */
    record Stroke(double[] from, double[] to, int space) {
    }

    private record Block(List<String> parameters, Set<Integer> reads, Set<Integer> writes) {
        boolean meets(int space) {
            return reads.contains(space) || writes.contains(space);
        }
    }

    /** Spaces that run side by side, in one lane. */
    private static final class Bundle {
        private final List<Integer> spaces = new ArrayList<>();
        private int lane = -1;
        private int row;
        private int last;
        private double end;
    }

    private final List<Block> blocks;
    private final Map<Integer, Bundle> bundles = new LinkedHashMap<>();
    private final List<Mark> marks = new ArrayList<>();
    private final List<Stroke> strokes = new ArrayList<>();
    private final Set<Integer> taken = new LinkedHashSet<>();
    private int lanes = 1;

    private Lanes(int spaces, JsonNode described) {
        blocks = blocks(described);
        Map<List<Integer>, Bundle> same = new HashMap<>();
        for (int s = 0; s < spaces; s++) {
            List<Integer> signature = new ArrayList<>();
            for (int b = 0; b < blocks.size(); b++) {
                if (blocks.get(b).meets(s)) {
                    signature.add(2 * b + (blocks.get(b).writes().contains(s) ? 1 : 0));
                }
            }
            if (!signature.isEmpty()) {
                Bundle bundle = same.computeIfAbsent(signature, key -> new Bundle());
                bundle.spaces.add(s);
                bundle.last = signature.getLast() / 2;
                bundles.put(s, bundle);
            }
        }
    }

    /** Lays out what a result of a scan says. */
    static Lanes of(JsonNode result) {
        Lanes lanes = new Lanes(result.path("spaces").size(), result.path("blocks"));
        for (int b = 0; b < lanes.blocks.size(); b++) {
            lanes.place(b, lanes.blocks.get(b));
        }
        lanes.finish();
        return lanes;
    }

    List<Mark> marks() {
        return marks;
    }

    List<Stroke> strokes() {
        return strokes;
    }

    /** How many lanes are side by side. */
    int lanes() {
        return lanes;
    }

    /** Neighbours that read and write the same, such as query and key of a head, are one block. */
    private static List<Block> blocks(JsonNode described) {
        List<Block> blocks = new ArrayList<>();
        for (JsonNode one : described) {
            Set<Integer> reads = places(one.path("reads"));
            Set<Integer> writes = places(one.path("writes"));
            String name = name(one);
            if (!blocks.isEmpty() && blocks.getLast().reads().equals(reads)
                    && blocks.getLast().writes().equals(writes)) {
                blocks.getLast().parameters().add(name);
            } else {
                blocks.add(new Block(new ArrayList<>(List.of(name)), reads, writes));
            }
        }
        return blocks;
    }

    private static Set<Integer> places(JsonNode list) {
        Set<Integer> places = new TreeSet<>();
        list.forEach(place -> places.add(place.asInt()));
        return places;
    }

    /** A parameter that an exporter numbered is told by the node that uses it. */
    private static String name(JsonNode block) {
        String parameter = block.path("parameter").asText();
        boolean numbered = parameter.contains("::") || parameter.matches("[/\\d].*");
        return numbered && block.path("node").isTextual() ? block.path("node").asText()
                : parameter.replaceFirst("[._]weight$", "");
    }

    private void place(int index, Block block) {
        begin(block.reads());
        Set<Bundle> reads = bundles(block.reads());
        Set<Bundle> writes = bundles(block.writes());
        List<Bundle> born = writes.stream().filter(bundle -> bundle.lane < 0).toList();
        List<Bundle> ending =
                reads.stream().filter(bundle -> bundle.last == index && !writes.contains(bundle)).toList();
        ending.forEach(bundle -> taken.remove(bundle.lane));
        int row = marks.size();
        int lane = lane(block, reads, ending, born);
        marks.add(new Mark(lane, row, -1, List.copyOf(block.parameters()), block.reads(), block.writes()));
        for (Bundle bundle : born) {
            begin(bundle, bundle == born.getFirst() ? lane : free());
        }
        for (Bundle bundle : reads) {
            join(bundle, lane, row, -0.5);
        }
        for (Bundle bundle : writes) {
            if (born.contains(bundle)) {
                strokes.add(new Stroke(at(lane, row), at(bundle.lane, bundle.row), -1));
            } else {
                join(bundle, lane, row, 0.5);
            }
            if (bundle.last == index) {
                taken.remove(bundle.lane);
            }
        }
    }

    private int lane(Block block, Set<Bundle> reads, List<Bundle> ending, List<Bundle> born) {
        if (!reads.isEmpty() && block.reads().equals(block.writes())) {
            return reads.iterator().next().lane;
        }
        return born.isEmpty() && !ending.isEmpty() ? ending.getFirst().lane : free();
    }

    private void join(Bundle bundle, int lane, int row, double step) {
        boolean inside = bundle.lane == lane;
        bundle.end = Math.max(bundle.end, inside ? row : row + step);
        if (!inside) {
            double[] joint = at(bundle.lane, row + step);
            strokes.add(step < 0 ? new Stroke(joint, at(lane, row), -1) : new Stroke(at(lane, row), joint, -1));
        }
    }

    /** Spaces that are read before any block has written them begin here. */
    private void begin(Collection<Integer> spaces) {
        for (Bundle bundle : bundles(spaces)) {
            if (bundle.lane < 0) {
                begin(bundle, free());
            }
        }
    }

    private void begin(Bundle bundle, int lane) {
        bundle.lane = lane;
        bundle.row = marks.size();
        taken.add(lane);
        lanes = Math.max(lanes, lane + 1);
        for (int space : bundle.spaces) {
            bundle.end = marks.size();
            marks.add(new Mark(lane, marks.size(), space, List.of(), Set.of(), Set.of()));
        }
    }

    private void finish() {
        for (Bundle bundle : new LinkedHashSet<>(bundles.values())) {
            strokes.add(new Stroke(at(bundle.lane, bundle.row), at(bundle.lane, bundle.end), bundle.spaces.getFirst()));
        }
    }

    private int free() {
        int lane = 0;
        while (taken.contains(lane)) {
            lane++;
        }
        lanes = Math.max(lanes, lane + 1);
        return lane;
    }

    private Set<Bundle> bundles(Collection<Integer> spaces) {
        Set<Bundle> found = new LinkedHashSet<>();
        spaces.stream().filter(bundles::containsKey).forEach(space -> found.add(bundles.get(space)));
        return found;
    }

    private static double[] at(double lane, double row) {
        return new double[] {lane, row};
    }
}
