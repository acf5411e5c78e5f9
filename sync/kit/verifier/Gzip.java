import java.util.Arrays;
import java.util.zip.CRC32;
import java.util.zip.DataFormatException;
import java.util.zip.Inflater;

/**
 * One gzip member (PROTOCOL.md, section 6), inflated into exactly the promised size and not a byte more, whatever the
 * input claims. {@code GZIPInputStream} is not used: it follows further members and skips optional header fields.
 */
final class Gzip {
    private static final byte[] HEAD = {0x1f, (byte) 0x8b, 8, 0, 0, 0, 0, 0};
    private static final int HEADER = 10; // HEAD and two bytes of the compressor's own, XFL and OS
    private static final int TRAILER = 8;

    private Gzip() {}

    static byte[] open(byte[] member, int size) throws Refusal {
        if (member.length < HEADER + TRAILER || !Arrays.equals(HEAD, Arrays.copyOf(member, HEAD.length))) {
            throw new Refusal("gzip_header");
        }
        byte[] raw = new byte[size];
        Inflater inflater = new Inflater(true);
        try {
            inflater.setInput(member, HEADER, member.length - HEADER);
            int filled = fill(inflater, raw);
            // One byte of room more than promised, so that too much is told from just enough.
            if (filled != size || fill(inflater, new byte[1]) != 0) {
                throw new Refusal("gzip_size");
            }
            if (!inflater.finished()) {
                throw new Refusal("gzip_deflate");
            }
            if (inflater.getRemaining() != TRAILER) {
                throw new Refusal("gzip_members");
            }
        } catch (DataFormatException error) {
            throw new Refusal("gzip_deflate");
        } finally {
            inflater.end();
        }
        CRC32 check = new CRC32();
        check.update(raw);
        int end = member.length;
        if (little(member, end - 8) != (int) check.getValue() || little(member, end - 4) != size) {
            throw new Refusal("gzip_check");
        }
        return raw;
    }

    private static int fill(Inflater inflater, byte[] room) throws DataFormatException {
        int filled = 0;
        while (filled < room.length && !inflater.finished()) {
            int more = inflater.inflate(room, filled, room.length - filled);
            if (more == 0 && !inflater.finished()) {
                break; // it wants input that is not there, or a dictionary
            }
            filled += more;
        }
        return filled;
    }

    private static int little(byte[] data, int at) {
        return (data[at] & 0xFF)
                | (data[at + 1] & 0xFF) << 8
                | (data[at + 2] & 0xFF) << 16
                | (data[at + 3] & 0xFF) << 24;
    }
}
