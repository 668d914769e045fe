import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import org.apache.avro.Schema;
import org.apache.avro.generic.GenericData;
import org.apache.avro.generic.GenericRecord;
import org.apache.avro.message.BinaryMessageEncoder;
import org.apache.kafka.common.serialization.Serde;
import org.apache.kafka.common.serialization.Serdes;
import org.apache.kafka.common.serialization.Serializer;

/** Writes records of one schema in Avro's single-object encoding. */
final class SingleObject implements Serializer<GenericRecord> {
    private final BinaryMessageEncoder<GenericRecord> encoder;

    private SingleObject(Schema schema) {
        encoder = new BinaryMessageEncoder<>(GenericData.get(), schema);
    }

    /** Returns a serde that can only write. */
    static Serde<GenericRecord> serde(Schema schema) {
        return Serdes.serdeFrom(new SingleObject(schema), (topic, bytes) -> {
            throw new UnsupportedOperationException("nobody reads these");
        });
    }

    @Override
    public byte[] serialize(String topic, GenericRecord record) {
        try {
            ByteBuffer bytes = encoder.encode(record);
            byte[] copy = new byte[bytes.remaining()];
            bytes.get(copy);
            return copy;
        } catch (IOException impossible) {
            throw new UncheckedIOException(impossible);
        }
    }
}
