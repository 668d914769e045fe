import java.nio.ByteBuffer;
import java.util.Arrays;
import java.util.Map;
import java.util.TreeMap;
import java.util.stream.IntStream;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;

/** The sum of contributions, with a DDSketch of their durations: counts of bins that follow each other. */
final class Window {
    private static final double GAMMA = 1.01 / 0.99;
    private static final double LOG_GAMMA = Math.log(GAMMA);
    private static final int BELOW_ONE = -1;
    private static final int HEAD = 7 * Long.BYTES + Integer.BYTES;

    final long[] outcomes = new long[4];
    long retries;
    long time;
    private long revision;
    private int firstBin;
    private int[] bins = {};

    /** Adds a contribution so many times; a negative number takes it away. */
    void add(Contribution part, int times) {
        outcomes[part.rank() - Contribution.FIRST_OUTCOME] += times;
        retries += (long) times * part.retries();
        if (part.duration() != Contribution.UNKNOWN) {
            time += times * part.duration();
            int bin = binOf(part.duration());
            makeRoom(bin);
            bins[bin - firstBin] += times;
        }
    }

    private static int binOf(long duration) {
        return duration < 1 ? BELOW_ONE : (int) Math.ceil(Math.log(duration) / LOG_GAMMA);
    }

    private void makeRoom(int bin) {
        if (bins.length == 0) {
            firstBin = bin;
            bins = new int[1];
        } else if (bin >= firstBin + bins.length) {
            bins = Arrays.copyOf(bins, bin - firstBin + 1);
        } else if (bin < firstBin) {
            int[] wider = new int[bins.length + firstBin - bin];
            System.arraycopy(bins, 0, wider, firstBin - bin, bins.length);
            firstBin = bin;
            bins = wider;
        }
    }

    long count() {
        return Arrays.stream(outcomes).sum();
    }

    long measured() {
        return Arrays.stream(bins).asLongStream().sum();
    }

    /** Returns the duration of nearest rank in seconds, within one percent, 100 for the longest; null for none. */
    Double percentile(int percent) {
        long measured = measured();
        if (measured == 0) {
            return null;
        }
        double mean = (double) time / measured / 1e6;
        double longest = measured == 1 ? mean : Math.max(atRank(measured), mean);
        long rank = (percent * measured + 99) / 100;
        return rank == measured ? longest : Math.min(atRank(rank), longest);
    }

    private double atRank(long rank) {
        long cumulative = 0;
        int index = 0;
        while ((cumulative += bins[index]) < rank) {
            index++;
        }
        int bin = firstBin + index;
        return bin == BELOW_ONE ? 0.0 : 2 * Math.exp(bin * LOG_GAMMA) / (GAMMA + 1) / 1e6;
    }

    /** Returns how many durations each bin holds, by its index as text. */
    Map<String, Long> bins() {
        Map<String, Long> found = new TreeMap<>();
        IntStream.range(0, bins.length)
                .filter(place -> bins[place] != 0)
                .forEach(place -> found.put(Integer.toString(firstBin + place), (long) bins[place]));
        return found;
    }

    /** Notes when the window changed, with a revision that is higher than all before it. */
    void changedAt(long nowMs) {
        revision = Math.max(nowMs * 1000, revision + 1);
    }

    long revision() {
        return revision;
    }

    static Serde<Window> serde() {
        return Serdes.serdeFrom(
                (topic, window) -> window == null ? null : window.toBytes(),
                (topic, bytes) -> bytes == null ? null : ofBytes(bytes));
    }

    private byte[] toBytes() {
        ByteBuffer out = ByteBuffer.allocate(HEAD + bins.length * Integer.BYTES);
        for (long number : outcomes) {
            out.putLong(number);
        }
        out.putLong(retries).putLong(time).putLong(revision).putInt(firstBin);
        out.asIntBuffer().put(bins);
        return out.array();
    }

    private static Window ofBytes(byte[] bytes) {
        Window window = new Window();
        ByteBuffer in = ByteBuffer.wrap(bytes);
        Arrays.setAll(window.outcomes, place -> in.getLong());
        window.retries = in.getLong();
        window.time = in.getLong();
        window.revision = in.getLong();
        window.firstBin = in.getInt();
        window.bins = new int[in.remaining() / Integer.BYTES];
        in.asIntBuffer().get(window.bins);
        return window;
    }
}
