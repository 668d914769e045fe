import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.generic.GenericRecordBuilder;

/** A window as the record that our window topic holds. */
final class WindowStats {
    private static final String[] OUTCOMES = {"error", "cancelled", "complete", "resolved_manually"};
    private static final int[] PERCENT = {50, 90, 95, 99};
    private final Schema schema;

    WindowStats(Schema schema) {
        this.schema = schema;
    }

    GenericRecord record(Place place, Window window, int partition) {
        GenericRecordBuilder stats = new GenericRecordBuilder(schema);
        stats.set("kind", new GenericData.EnumSymbol(schema.getField("kind").schema(), place.kind()));
        stats.set("name", place.name()).set("window_start", place.start()).set("window_s", place.lengthS());
        stats.set("partition", partition).set("revision", window.revision());
        long count = window.count();
        stats.set("count", count);
        for (int outcome = 0; outcome < OUTCOMES.length; outcome++) {
            stats.set(OUTCOMES[outcome], window.outcomes[outcome]);
        }
        stats.set("failure_ratio", count == 0 ? null : (Double) ((double) window.outcomes[0] / count));
        stats.set("retries", window.retries);
        long measured = window.measured();
        stats.set("measured", measured).set("duration_sum_s", window.time / 1e6);
        stats.set("duration_mean_s", measured == 0 ? null : (Double) ((double) window.time / measured / 1e6));
        for (int percent : PERCENT) {
            stats.set("duration_p" + percent + "_s", window.percentile(percent));
        }
        stats.set("duration_max_s", window.percentile(100));
        stats.set("duration_bins", window.bins());
        return stats.build();
    }
}
