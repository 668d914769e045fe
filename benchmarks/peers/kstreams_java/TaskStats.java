import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;

/** A task's state as the record that our stats topic holds. */
final class TaskStats {
    private static final String[] STATUS = {"pending", "in_progress", "error", "cancelled", "complete"};
    private final Schema schema;

    TaskStats(Schema schema) {
        this.schema = schema;
    }

    /** A chain of steps, each depending on the one before, and its microseconds. */
    private record Chain(long time, List<String> steps) {
        boolean isBetterThan(Chain other) {
            if (other == null || time != other.time) {
                return other == null || time > other.time;
            }
            int last = steps.size() - 1;
            return steps.size() != other.steps.size()
                    ? steps.size() < other.steps.size()
                    : steps.get(last).compareTo(other.steps.get(last)) < 0;
        }
    }

    GenericRecord record(TaskState state) {
        Map<String, StepState.Figures> figures = new TreeMap<>();
        state.steps.forEach((stepId, step) -> figures.put(stepId, step.figures()));
        GenericRecordBuilder stats = new GenericRecordBuilder(schema);
        stats.set("task_id", state.taskId).set("task_name", state.name);
        stats.set("trace_id", state.carrier == null ? null : state.carrier.traceId());
        stats.set("created_at", state.createdAt).set("last_event_at", state.lastEventAt);
        int attempts = count(state, figures, stats);
        int rank = state.stand != null ? state.stand.rank() : attempts > 0 ? 1 : 0;
        stats.set("status", new GenericData.EnumSymbol(schema.getField("status").schema(), STATUS[rank]));
        time(state, figures, stats);
        if (state.stand != null && state.stand.isTerminal()) {
            path(state, figures, stats);
        }
        stats.set("first_error", firstError(state.failure));
        return stats.build();
    }

    private static int count(TaskState state, Map<String, StepState.Figures> figures, GenericRecordBuilder stats) {
        int completed = 0;
        int failed = 0;
        int attempts = 0;
        int retries = 0;
        for (StepState.Figures step : figures.values()) {
            completed += step.rank() == 4 ? 1 : 0;
            failed += step.rank() == 2 ? 1 : 0;
            attempts += step.tries();
            retries += Math.max(0, step.tries() - 1);
        }
        int total = Math.max(state.announced, figures.size());
        stats.set("total_steps", total).set("completed_steps", completed).set("failed_steps", failed);
        stats.set("pending_steps", total - completed - failed);
        stats.set("attempts", attempts).set("retries", retries);
        int known = state.events.size() + state.steps.values().stream().mapToInt(step -> step.events.size()).sum();
        stats.set("revision", 2L * known);
        return attempts;
    }

    private static void time(TaskState state, Map<String, StepState.Figures> figures, GenericRecordBuilder stats) {
        Long startedAt = state.startedAt == null ? state.startRequestedAt : state.startedAt;
        Long completedAt = state.stand != null && state.stand.isTerminal() ? (Long) state.stand.endedAt() : null;
        Double duration = secondsBetween(startedAt, completedAt);
        double stepTime = figures.values().stream().mapToLong(StepState.Figures::work).sum() / 1e6;
        stats.set("started_at", startedAt).set("completed_at", completedAt);
        stats.set("queue_time_s", secondsBetween(state.createdAt, startedAt)).set("duration_s", duration);
        stats.set("step_time_s", stepTime);
        stats.set("parallelism", duration == null || duration == 0 ? null : (Double) (stepTime / duration));
        String longest = null;
        for (var step : figures.entrySet()) {
            Long time = step.getValue().time();
            if (time != null && (longest == null || time > figures.get(longest).time())) {
                longest = step.getKey();
            }
        }
        stats.set("longest_step", longest);
        stats.set("longest_step_s", longest == null ? null : (Double) (figures.get(longest).time() / 1e6));
    }

    private static Double secondsBetween(Long start, Long end) {
        return start == null || end == null ? null : (Double) (Math.max(0, end - start) / 1e6);
    }

    private static void path(TaskState state, Map<String, StepState.Figures> figures, GenericRecordBuilder stats) {
        Map<String, Chain> chains = new TreeMap<>();
        Chain best = null;
        for (String stepId : figures.keySet()) {
            Chain chain = chain(stepId, state, figures, chains);
            best = chain.isBetterThan(best) ? chain : best;
        }
        if (best != null) {
            stats.set("critical_path", best.steps).set("critical_path_s", best.time / 1e6);
        }
    }

    /** Returns the best chain that ends with a step; the workload has no rings. */
    private static Chain chain(
            String stepId, TaskState state, Map<String, StepState.Figures> figures, Map<String, Chain> known) {
        Chain found = known.get(stepId);
        if (found != null) {
            return found;
        }
        Chain before = null;
        var needed = state.steps.get(stepId).dependsOn;
        for (String other : needed == null ? List.<String>of() : needed) {
            Chain chain = figures.containsKey(other) ? chain(other, state, figures, known) : null;
            before = chain != null && chain.isBetterThan(before) ? chain : before;
        }
        List<String> steps = before == null ? new ArrayList<>() : new ArrayList<>(before.steps);
        steps.add(stepId);
        Long time = figures.get(stepId).time();
        found = new Chain((before == null ? 0 : before.time) + (time == null ? 0 : time), steps);
        known.put(stepId, found);
        return found;
    }

    private GenericRecord firstError(TaskState.Failure failure) {
        if (failure == null) {
            return null;
        }
        GenericRecord error = new GenericData.Record(schema.getField("first_error").schema().getTypes().get(1));
        error.put("error_class", failure.errorClass());
        error.put("error_message", failure.message());
        error.put("step_id", failure.stepId());
        error.put("attempt_number", failure.attempt());
        return error;
    }
}
