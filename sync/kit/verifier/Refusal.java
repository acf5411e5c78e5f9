/**
 * What the other side sent is not what the protocol allows. The code is stable and the same in every implementation:
 * PROTOCOL.md, sections 4, 6.1 and 14. It never carries a value out of the file, for that may be personal data (I13).
 */
final class Refusal extends Exception {
    private static final long serialVersionUID = 1;

    /** The stable code, with the prefix under which its text is found: {@code protocol.part_digest}. */
    final String code;

    Refusal(String code) {
        // No stack trace: a refusal is an answer, and a hostile file may cause a million of them.
        super("protocol." + code, null, false, false);
        this.code = "protocol." + code;
    }
}
