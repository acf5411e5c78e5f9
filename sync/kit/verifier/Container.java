import java.io.IOException;
import java.io.InputStream;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.zip.CRC32;

/**
 * Reads a {@code .jmb} or {@code .jmr} front to back (PROTOCOL.md, section 4): ZIP, STORED, every byte fixed. It never
 * seeks and holds one entry at a time, so that a file of 2 GiB passes through a few MiB. {@code java.util.zip} is not
 * used: it believes the directory at the end, and takes a dozen things that this protocol refuses.
 */
final class Container {
    private static final int LOCAL_MARK = 0x04034b50;
    private static final int CENTRAL_MARK = 0x02014b50;
    private static final int END_MARK = 0x06054b50;
    private static final int ZIP64_END_MARK = 0x06064b50;
    private static final int ZIP64_LOCATOR_MARK = 0x07064b50;
    private static final int LOCAL_SIZE = 30;
    private static final int CENTRAL_SIZE = 46;
    private static final int END_SIZE = 22;
    private static final int NEEDS_1_0 = 10;
    private static final int DATE_1980 = 0x21;
    private static final long IN_ZIP64 = 0xFFFFFFFFL;
    private static final int LONGEST_NAME = 64;

    private record Entry(byte[] name, int crc, long size, long offset) {}

    private final InputStream source;
    private final List<Entry> entries = new ArrayList<>();
    private final Set<String> names = new HashSet<>();
    private long offset;

    Container(InputStream source) {
        this.source = source;
    }

    /** The next entry, which must have this name and at most so many bytes. */
    byte[] entry(String name, int most) throws Refusal, IOException {
        return entry(name, most, -1);
    }

    /** The next entry, which must have this name, at most {@code most} bytes, and exactly {@code size} of them. */
    byte[] entry(String name, int most, long size) throws Refusal, IOException {
        long start = offset;
        int mark = take(4).getInt();
        if (mark != LOCAL_MARK) {
            throw start == 0 ? new Refusal("container_not_zip") : otherMark(mark);
        }
        ByteBuffer head = take(LOCAL_SIZE - 4);
        checkCommon(head);
        int crc = head.getInt();
        long packed = unsigned(head.getInt());
        long plain = unsigned(head.getInt());
        int nameSize = head.getShort() & 0xFFFF;
        if (head.getShort() != 0) {
            throw new Refusal("container_extra");
        }
        checkSizes(packed, plain);
        String found = ascii(take(Math.min(nameSize, LONGEST_NAME)).array());
        if (!found.equals(name)) {
            throw new Refusal(names.contains(found) ? "container_duplicate" : "container_name");
        }
        // Before a byte of it is read: the size in a header is only a claim.
        if (plain > most) {
            throw new Refusal("container_entry_limit");
        }
        if (size >= 0 && plain != size) {
            throw new Refusal("container_entry_size");
        }
        byte[] data = take((int) plain).array();
        CRC32 check = new CRC32();
        check.update(data);
        if ((int) check.getValue() != crc) {
            throw new Refusal("container_crc");
        }
        entries.add(new Entry(name.getBytes(StandardCharsets.US_ASCII), crc, plain, start));
        names.add(name);
        return data;
    }

    /** The directory must repeat what was read, and nothing may follow. Only now the file is known to be whole. */
    void finish() throws Refusal, IOException {
        long start = offset;
        for (Entry entry : entries) {
            checkDirectory(entry);
        }
        long directory = offset - start;
        int mark = take(4).getInt();
        if (mark == CENTRAL_MARK) {
            throw new Refusal("container_directory");
        }
        if (mark != END_MARK) {
            throw otherMark(mark);
        }
        ByteBuffer end = take(END_SIZE - 4);
        boolean same = (end.getShort() | end.getShort()) == 0;
        same &= (end.getShort() & 0xFFFF) == entries.size();
        same &= (end.getShort() & 0xFFFF) == entries.size();
        same &= unsigned(end.getInt()) == directory;
        same &= unsigned(end.getInt()) == start;
        if (end.getShort() != 0) {
            throw new Refusal("container_comment");
        }
        if (!same) {
            throw new Refusal("container_end");
        }
        if (source.read() >= 0) {
            throw new Refusal("container_trailing");
        }
    }

    private void checkDirectory(Entry entry) throws Refusal, IOException {
        int mark = take(4).getInt();
        if (mark == LOCAL_MARK) {
            throw new Refusal("container_unlisted");
        }
        if (mark != CENTRAL_MARK) {
            throw otherMark(mark);
        }
        ByteBuffer head = take(CENTRAL_SIZE - 4);
        int madeBy = head.getShort();
        checkCommon(head);
        int crc = head.getInt();
        long packed = unsigned(head.getInt());
        long plain = unsigned(head.getInt());
        int nameSize = head.getShort() & 0xFFFF;
        int extra = head.getShort();
        int comment = head.getShort();
        int attributes = head.getShort() | head.getShort() | head.getInt(); // disk, internal, external
        long localOffset = unsigned(head.getInt());
        if (madeBy != 0) {
            throw new Refusal("container_made_by");
        }
        if (extra != 0) {
            throw new Refusal("container_extra");
        }
        if (comment != 0) {
            throw new Refusal("container_comment");
        }
        if (attributes != 0) {
            throw new Refusal("container_attributes");
        }
        checkSizes(packed, plain);
        if (crc != entry.crc || plain != entry.size) {
            throw new Refusal("container_directory_size");
        }
        if (localOffset != entry.offset) {
            throw new Refusal("container_overlap");
        }
        if (nameSize != entry.name.length || !Arrays.equals(take(nameSize).array(), entry.name)) {
            throw new Refusal("container_directory");
        }
    }

    /** Version, flags, method, time and date: the same five fields in both headers. */
    private static void checkCommon(ByteBuffer head) throws Refusal {
        int version = head.getShort();
        int flags = head.getShort() & 0xFFFF;
        int method = head.getShort();
        int time = head.getShort();
        int date = head.getShort();
        if ((flags & (0x0001 | 0x0040 | 0x2000)) != 0) {
            throw new Refusal("container_encrypted");
        }
        if ((flags & 0x0008) != 0) {
            throw new Refusal("container_descriptor");
        }
        if (flags != 0) {
            throw new Refusal("container_flags");
        }
        if (method != 0) {
            throw new Refusal("container_compressed");
        }
        if (version != NEEDS_1_0) {
            throw new Refusal("container_version");
        }
        if (time != 0 || date != DATE_1980) {
            throw new Refusal("container_time");
        }
    }

    private static void checkSizes(long packed, long plain) throws Refusal {
        if (packed == IN_ZIP64 || plain == IN_ZIP64) {
            throw new Refusal("container_zip64");
        }
        if (packed != plain) {
            throw new Refusal("container_size_mismatch");
        }
    }

    private static Refusal otherMark(int mark) {
        switch (mark) {
            case ZIP64_END_MARK:
            case ZIP64_LOCATOR_MARK:
                return new Refusal("container_zip64");
            case CENTRAL_MARK:
            case END_MARK:
                return new Refusal("container_missing");
            default:
                return new Refusal("container_garbage");
        }
    }

    private ByteBuffer take(int size) throws Refusal, IOException {
        if (offset + size > Limits.CONTAINER) {
            throw new Refusal("container_limit");
        }
        byte[] found = source.readNBytes(size);
        if (found.length != size) {
            throw new Refusal("container_truncated");
        }
        offset += size;
        return ByteBuffer.wrap(found).order(ByteOrder.LITTLE_ENDIAN);
    }

    private static long unsigned(int field) {
        return field & 0xFFFFFFFFL;
    }

    private static String ascii(byte[] name) {
        return new String(name, StandardCharsets.ISO_8859_1);
    }
}
