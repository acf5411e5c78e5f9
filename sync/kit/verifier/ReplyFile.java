import java.io.IOException;
import java.util.ArrayList;
import java.util.List;

/**
 * A {@code .jmr} from its first byte to its last (PROTOCOL.md, section 8): the index, every envelope by itself, and the
 * verdicts and changes in the parts where the device's key was given.
 */
final class ReplyFile {
    static final String INDEX = "index.dsse.json";

    /** One entry of the index: an envelope and the run of parts that are its own. */
    private record Item(long n, String type, long size, String sha256, long firstPart, long parts) {}

    /** One part of the file, numbered through all of it. */
    private record FilePart(long n, long size, String sha256) {}

    private final Container container;
    private final Keys keys;
    private final Report report;
    private final List<Item> items = new ArrayList<>();
    private final List<FilePart> parts = new ArrayList<>();

    ReplyFile(Container container, Keys keys, Report report) {
        this.container = container;
        this.keys = keys;
        this.report = report;
    }

    void check() throws Refusal, IOException {
        Envelope envelope = Envelope.split(container.entry(INDEX, Limits.ENVELOPE));
        byte[] payload = report.opened(envelope, Kind.REPLY_INDEX, keys);
        readIndex(Members.of(Json.read(payload)));
        List<ReplyLines> owners = new ArrayList<>();
        for (Item item : items) {
            byte[] data = container.entry(String.format("envelopes/%05d", item.n), Limits.ENVELOPE, item.size);
            Sealed.checkBytes(data, item.size, item.sha256);
            owners.add(opened(item, Envelope.split(data)));
        }
        for (Item item : items) {
            ReplyLines owner = owners.get((int) item.n);
            for (long i = 0; i < item.parts; i++) {
                FilePart part = parts.get((int) (item.firstPart + i));
                byte[] data = container.entry(String.format("parts/%05d", part.n), Limits.PART, part.size);
                try {
                    Sealed.checkBytes(data, part.size, part.sha256);
                    report.countPart();
                    if (owner != null) {
                        owner.count((int) i, data);
                    }
                } catch (Refusal refusal) {
                    report.problem(refusal);
                }
            }
            if (owner != null) {
                finish(owner);
            }
        }
        container.finish();
    }

    private void finish(ReplyLines owner) {
        try {
            owner.finish();
        } catch (Refusal refusal) {
            report.problem(refusal);
        }
    }

    /** The payload of one envelope is opened by itself; the index orders and protects, it vouches for nothing. */
    private ReplyLines opened(Item item, Envelope envelope) throws Refusal {
        if (!item.type.equals(envelope.type)) {
            throw new Refusal("payload_type");
        }
        Kind kind = Kind.of(envelope.type);
        switch (kind) {
            case PROCESSING_RECEIPT:
            case CHANGE_PAGE:
                Members payload = Members.of(Json.read(report.opened(envelope, kind, keys)));
                ReplyLines lines = ReplyLines.of(kind, payload, keys, report);
                if (lines.parts() != item.parts) {
                    throw new Refusal("reply_numbers");
                }
                return lines;
            case TRUST:
                Json.read(report.openedSelfNamed(envelope, kind, keys));
                return null;
            case CUSTODY_RECEIPT:
            case ENROLMENT_GRANT:
            case PACKAGE:
                Members.of(Json.read(report.opened(envelope, kind, keys))).checkVersion();
                return null;
            default:
                throw new Refusal("payload_type");
        }
    }

    private void readIndex(Members index) throws Refusal {
        index.text("reply_id", Members.UUID);
        for (Members each : index.objects("envelopes")) {
            items.add(
                    new Item(
                            each.count("n"),
                            each.text("type"),
                            each.count("size"),
                            each.text("sha256", Members.DIGEST),
                            each.count("first_part"),
                            each.count("parts")));
        }
        for (Members each : index.objects("parts")) {
            parts.add(new FilePart(each.count("n"), each.count("size"), each.text("sha256", Members.DIGEST)));
        }
        report.reply(
                index.text("unit", Members.UNIT), index.text("device", Members.KEYID), index.ordinal("epoch"));
        index.text("server_epoch", Members.TOKEN);
        index.text("created", Members.MOMENT);
        index.checkVersion();
        checkIndex();
    }

    private void checkIndex() throws Refusal {
        long bytes = 0;
        for (Item item : items) {
            bytes += item.size;
        }
        if (items.size() > Limits.ENVELOPES_PER_REPLY || bytes > Limits.REPLY_ENVELOPES) {
            throw new Refusal("reply_limit");
        }
        if (parts.size() > Limits.PARTS) {
            throw new Refusal("parts_limit");
        }
        long n = 0;
        for (FilePart part : parts) {
            if (part.size > Limits.PART) {
                throw new Refusal("part_size");
            }
            if (part.n != n++) {
                throw new Refusal("part_numbers");
            }
        }
        n = 0;
        long first = 0;
        for (Item item : items) {
            if (item.size > Limits.ENVELOPE) {
                throw new Refusal("envelope_size");
            }
            if (item.n != n++ || item.firstPart != first) {
                throw new Refusal("reply_numbers");
            }
            first += item.parts;
        }
        if (first != parts.size()) {
            throw new Refusal("reply_numbers");
        }
    }
}
