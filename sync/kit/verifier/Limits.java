/** The bounds of PROTOCOL.md, section 12: inclusive, sizes in bytes. Everything read is compared with one of these. */
final class Limits {
    private static final int MIB = 1024 * 1024;

    static final int ENVELOPE = 4 * MIB;
    static final int PART = 4 * MIB;
    static final int RAW_PART = 16 * MIB;
    static final int RECORDS_PER_PART = 1_000;
    static final int LINE = MIB;
    static final int JSON_DEPTH = 32;
    static final int PARTS = 10_000;
    static final int ATTACHMENTS = 1_000;
    static final int ATTACHMENT = 16 * MIB;
    static final int ENVELOPES_PER_REPLY = 1_000;
    static final int REPLY_ENVELOPES = 32 * MIB;
    static final long CONTAINER = 2_048L * MIB;
    static final int RECIPIENTS = 16;
    /** The largest integer that every JSON library carries exactly: 2^53 - 1 (section 3). */
    static final long INTEGER = (1L << 53) - 1;

    private Limits() {}
}
