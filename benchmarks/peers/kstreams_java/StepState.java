import java.io.DataInput;
import java.io.DataOutput;
import java.io.IOException;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Objects;
import java.util.Set;
import java.util.TreeMap;
import java.util.TreeSet;

/** What is known of one step: a lattice like ours, so that order and repetition change nothing. */
final class StepState {
    static final int BEGUN = 1;
    private static final long MAX_DURATION = 1_000_000_000_000_000L;

    final Set<Integer> events = new HashSet<>();
    String name;
    Set<String> dependsOn;
    final TreeMap<Integer, Attempt> attempts = new TreeMap<>();
    private Figures known;

    /** One attempt; microseconds, null is unknown. */
    record Attempt(int rank, Long started, Long handled, Long ended, Long closed, Long told) {
        Attempt join(Attempt other) {
            return new Attempt(
                    Math.max(rank, other.rank),
                    Lattice.least(started, other.started),
                    Lattice.least(handled, other.handled),
                    Lattice.greatest(ended, other.ended),
                    Lattice.least(closed, other.closed),
                    Lattice.greatest(told, other.told));
        }

        Long start() {
            return started == null ? handled : started;
        }

        Long end() {
            return ended == null ? closed : ended;
        }

        Long duration() {
            if (told != null) {
                return told;
            }
            return start() == null || end() == null ? null : between(start(), end());
        }
    }

    /** A step in numbers; microseconds. */
    record Figures(int rank, int tries, long work, Long time, Long ended) {}

    void learn(EventRecord event, int digest) {
        known = null;
        events.add(digest);
        name = Lattice.least(name, event.text("step_name"));
        List<?> before = event.list("depends_on");
        if (before != null) {
            dependsOn = Objects.requireNonNullElseGet(dependsOn, TreeSet::new);
            before.forEach(step -> dependsOn.add(step.toString()));
        }
        attempts.merge(event.number("attempt_number"), told(event), Attempt::join);
    }

    private static Attempt told(EventRecord event) {
        long at = event.micros("timestamp");
        Long started = event.micros("started_at");
        return switch (event.text("event_name")) {
            case "step.handle" -> new Attempt(1, started, at, null, null, null);
            case "step.failed" -> ended(2, event, started, at);
            case "step.completed" -> ended(4, event, started, at);
            default -> new Attempt(0, null, null, null, null, null);
        };
    }

    private static Attempt ended(int rank, EventRecord event, Long started, long at) {
        return new Attempt(
                rank, started, null, event.micros("completed_at"), at, event.duration("execution_duration"));
    }

    Figures figures() {
        if (known == null) {
            known = derived();
        }
        return known;
    }

    private Figures derived() {
        List<Long> durations = new ArrayList<>();
        Long start = null;
        Long end = null;
        int tries = 0;
        for (var each : attempts.entrySet()) {
            Attempt attempt = each.getValue();
            tries = attempt.rank >= BEGUN ? each.getKey() : tries;
            start = Lattice.least(start, attempt.start());
            end = Lattice.greatest(end, attempt.end());
            if (attempt.duration() != null) {
                durations.add(attempt.duration());
            }
        }
        long work = durations.stream().mapToLong(Long::longValue).sum();
        if (attempts.size() > 1 && start != null && end != null) {
            durations.add(between(start, end));
        }
        Attempt last = attempts.lastEntry().getValue();
        return new Figures(last.rank, tries, work, durations.stream().max(Long::compare).orElse(null), last.end());
    }

    static long between(long start, long end) {
        return Math.min(Math.max(0, end - start), MAX_DURATION);
    }

    void write(DataOutput out) throws IOException {
        Fields.writeNumbers(out, events);
        Fields.writeText(out, name);
        Fields.writeTexts(out, dependsOn);
        out.writeInt(attempts.size());
        for (var each : attempts.entrySet()) {
            Attempt attempt = each.getValue();
            out.writeInt(each.getKey());
            out.writeByte(attempt.rank);
            for (Long moment : new Long[] {
                attempt.started, attempt.handled, attempt.ended, attempt.closed, attempt.told
            }) {
                Fields.writeMoment(out, moment);
            }
        }
    }

    static StepState read(DataInput in) throws IOException {
        StepState step = new StepState();
        Fields.readNumbers(in, step.events);
        step.name = Fields.readText(in);
        step.dependsOn = Fields.readTexts(in);
        for (int left = in.readInt(); left > 0; left--) {
            int number = in.readInt();
            step.attempts.put(
                    number,
                    new Attempt(
                            in.readByte(),
                            Fields.readMoment(in),
                            Fields.readMoment(in),
                            Fields.readMoment(in),
                            Fields.readMoment(in),
                            Fields.readMoment(in)));
        }
        return step;
    }
}
