package dev.orbifold.watch;

import dev.orbifold.report.LivePage;
import dev.orbifold.run.MetricsTail;
import dev.orbifold.run.RunException;
import dev.orbifold.run.RunState;
import dev.orbifold.run.RunView;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Optional;

/** Knows how one Run stands; looks at its folder when asked, at most every half second. */
final class Follower {
    private static final long PAUSE_NANOS = 500_000_000L;

    /**
     * How the Run stood.
     *
     * @param version grows whenever anything is another
     * @param state what to show
     */
    record Moment(long version, LivePage.State state) {
    }

    /** What a state is made from, next to the metrics. */
    private record Seen(RunState state, List<Long> stamps, List<LivePage.Trial> trials) {
    }

    /** A training of an experiment and the stamps under which it was read. */
    private record Known(List<Long> stamps, LivePage.Trial trial) {
    }

    private final RunView run;
    private final LivePage page;
    private final MetricsTail tail;
    private final Map<String, Known> known = new HashMap<>();
    private Optional<Seen> seen = Optional.empty();
    private Optional<Moment> moment = Optional.empty();
    private Optional<String> failure = Optional.empty();
    private long lookedAt;

    Follower(RunView run, String way) {
        this.run = run;
        this.page = new LivePage(run, way);
        this.tail = run.tail();
    }

    RunView run() {
        return run;
    }

    /** The page, showing how the Run stands now. */
    LivePage.Served page() {
        return page.page(look().state());
    }

    /**
     * How the Run stands. What cannot be read any more, because the folder is gone, is said on the page beside what was seen
     * last.
     *
     * @throws RunException if the Run cannot be read and never could
     */
    synchronized Moment look() {
        if (moment.isPresent() && System.nanoTime() - lookedAt < PAUSE_NANOS) {
            return moment.get();
        }
        try {
            boolean changed = tail.advance();
            Seen now = new Seen(run.state(), run.stamps(), trials());
            if (changed || failure.isPresent() || !seen.equals(Optional.of(now))) {
                moment = Optional.of(next(page.state(tail.lines(), tail.problem(), now.trials())));
                seen = Optional.of(now);
                failure = Optional.empty();
            }
        } catch (RunException e) {
            Moment before = moment.orElseThrow(() -> e);
            String message = String.valueOf(e.getMessage());
            if (!failure.equals(Optional.of(message))) {
                failure = Optional.of(message);
                moment = Optional.of(next(before.state().saying(message)));
            }
        }
        lookedAt = System.nanoTime();
        return moment.orElseThrow();
    }

    private Moment next(LivePage.State state) {
        return new Moment(moment.map(Moment::version).orElse(0L) + 1, state);
    }

    private List<LivePage.Trial> trials() {
        List<LivePage.Trial> trials = new ArrayList<>();
        for (RunView one : run.trials()) {
            trials.add(trial(one));
        }
        return trials;
    }

    /** One that goes on is read every time, since its process may have ended without a word. */
    private LivePage.Trial trial(RunView one) {
        String name = String.valueOf(one.path().getFileName());
        List<Long> stamps = one.stamps();
        Known before = known.get(name);
        if (before != null && before.stamps().equals(stamps)
                && before.trial().status() != RunState.Status.RUNNING) {
            return before.trial();
        }
        LivePage.Trial trial = new LivePage.Trial(name, one.state().status(), one.latestMetrics());
        known.put(name, new Known(stamps, trial));
        return trial;
    }
}
