import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.util.List;
import java.util.zip.CRC32;
import org.apache.avro.Schema;
import org.apache.avro.SchemaNormalization;
import org.apache.avro.generic.GenericDatumReader;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.io.BinaryDecoder;
import org.apache.avro.io.DecoderFactory;

/**
 * One decoded event with the trace its headers name. A thread reads each event into the record of the one before: an
 * event is folded before the next one is read.
 */
record EventRecord(GenericRecord fields, String traceId) {
    String text(String field) {
        Object value = fields.get(field);
        return value == null ? null : value.toString();
    }

    Long micros(String field) {
        return (Long) fields.get(field);
    }

    Integer number(String field) {
        return (Integer) fields.get(field);
    }

    /** Returns seconds as whole microseconds. */
    Long duration(String field) {
        Double seconds = (Double) fields.get(field);
        return seconds == null ? null : (long) Math.rint(seconds * 1e6);
    }

    List<?> list(String field) {
        return (List<?>) fields.get(field);
    }

    boolean isOfStep() {
        return fields.getSchema().getName().equals("StepEvent");
    }

    int digest() {
        CRC32 crc = new CRC32();
        crc.update(text("event_id").getBytes(java.nio.charset.StandardCharsets.UTF_8));
        return (int) crc.getValue();
    }

    /** Reads values of one schema in Avro's single-object encoding. */
    static final class Reader {
        private static final int FRAME = 10;
        private final GenericDatumReader<GenericRecord> reader;
        private final long fingerprint;
        private BinaryDecoder decoder;
        private GenericRecord last;

        Reader(Schema schema) {
            reader = new GenericDatumReader<>(schema);
            fingerprint = SchemaNormalization.parsingFingerprint64(schema);
        }

        GenericRecord read(byte[] value) throws java.io.IOException {
            ByteBuffer frame = ByteBuffer.wrap(value).order(ByteOrder.LITTLE_ENDIAN);
            if (frame.getShort() != (short) 0x01C3 || frame.getLong() != fingerprint) {
                throw new IllegalStateException("not a record of " + reader.getSchema().getName());
            }
            decoder = DecoderFactory.get().binaryDecoder(value, FRAME, value.length - FRAME, decoder);
            last = reader.read(last, decoder);
            return last;
        }
    }
}
