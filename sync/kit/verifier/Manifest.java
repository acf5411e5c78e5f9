import java.util.ArrayList;
import java.util.List;

/** A batch manifest (PROTOCOL.md, section 5), read from payload bytes whose signature held. */
record Manifest(
        String batchId,
        String unit,
        String device,
        long epoch,
        long seq,
        String prev,
        Sealed.Encryption enc,
        List<Sealed.Part> parts,
        List<Attachment> attachments) {

    /** One entry of {@code attachments}: sealed under a content key of its own. */
    record Attachment(long n, String record, long size, long rawSize, String sha256, Sealed.Encryption enc) {}

    private static final String NO_PREVIOUS = "0".repeat(64);

    static Manifest read(byte[] payload) throws Refusal {
        Members m = Members.of(Json.read(payload));
        Manifest manifest =
                new Manifest(
                        m.text("batch_id", Members.UUID),
                        m.text("unit", Members.UNIT),
                        m.text("device", Members.KEYID),
                        m.ordinal("epoch"),
                        m.ordinal("seq"),
                        m.text("prev", Members.DIGEST),
                        Sealed.Encryption.read(m.object("enc")),
                        Sealed.readParts(m.objects("parts")),
                        m.has("attachments") ? attachments(m.objects("attachments")) : List.of());
        long records = m.count("records");
        long rawBytes = m.count("raw_bytes");
        checkForms(m);
        m.checkVersion();
        manifest.check(records, rawBytes);
        return manifest;
    }

    private static List<Attachment> attachments(List<Members> entries) throws Refusal {
        List<Attachment> found = new ArrayList<>();
        for (Members each : entries) {
            found.add(
                    new Attachment(
                            each.count("n"),
                            each.text("record", Members.UUID),
                            each.count("size"),
                            each.count("raw_size"),
                            each.text("sha256", Members.DIGEST),
                            Sealed.Encryption.read(each.object("enc"))));
        }
        return found;
    }

    /** Members that this program does not need but that must have their form all the same. */
    private static void checkForms(Members m) throws Refusal {
        for (String token : List.of("suite", "operator", "schema", "server_epoch", "catalogue", "rules")) {
            m.text(token, Members.TOKEN);
        }
        m.text("created", Members.MOMENT);
        m.count("ack_cursor");
        Members clock = m.object("clock");
        String seen = clock.textOr("server_seen", Members.ANY, "");
        if (!seen.isEmpty()) {
            clock.text("server_seen", Members.MOMENT);
        }
        clock.flagOr("clock_back", false);
        Members audit = m.object("audit");
        audit.count("count");
        audit.text("head", Members.DIGEST);
    }

    private void check(long records, long rawBytes) throws Refusal {
        if (parts.isEmpty() && attachments.isEmpty()) {
            throw new Refusal("batch_empty");
        }
        if ((seq == 1) != prev.equals(NO_PREVIOUS)) {
            throw new Refusal("chain_start");
        }
        enc.check();
        Sealed.checkParts(parts, records, rawBytes);
        if (attachments.size() > Limits.ATTACHMENTS) {
            throw new Refusal("attachments_limit");
        }
        long n = 0;
        for (Attachment each : attachments) {
            if (each.n != n++) {
                throw new Refusal("attachment_numbers");
            }
        }
        for (Attachment each : attachments) {
            if (each.size > Limits.ATTACHMENT) {
                throw new Refusal("attachment_size");
            }
            each.enc.check();
        }
    }
}
