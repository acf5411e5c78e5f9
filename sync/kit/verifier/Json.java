import java.math.BigInteger;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CodingErrorAction;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Strict JSON as in PROTOCOL.md, section 3: UTF-8 without a byte order mark, no member twice, no NaN, bounded nesting,
 * nothing behind the value. Two parsers that are lenient in different ways read one signed text as two; this one takes
 * only what all of them read alike.
 *
 * <p>Values are {@code Map<String, Object>}, {@code List<Object>}, {@code String}, {@code Boolean}, {@code Long},
 * {@code BigInteger} (past 18 digits), {@link #NULL} and {@link #FRACTION}.
 */
final class Json {
    /** The value {@code null}: an absent member and a null one are different things. */
    static final Object NULL = new Object();
    /** Any number with a fraction or an exponent. The protocol has no use for one, so its value is not kept. */
    static final Object FRACTION = new Object();

    /** Longest integer that is read at all; no protocol integer has more than 16 digits. */
    private static final int MOST_DIGITS = 4_300;

    private final String text;
    private int at;
    private int depth;

    private Json(String text) {
        this.text = text;
    }

    /** The value in these bytes. The caller has bounded their number. */
    static Object read(byte[] data, int offset, int length) throws Refusal {
        Json json = new Json(decoded(data, offset, length));
        Object value = json.value();
        json.space();
        if (json.at != json.text.length()) {
            throw new Refusal("json_syntax");
        }
        return value;
    }

    static Object read(byte[] data) throws Refusal {
        return read(data, 0, data.length);
    }

    private static String decoded(byte[] data, int offset, int length) throws Refusal {
        try {
            return StandardCharsets.UTF_8.newDecoder()
                    .onMalformedInput(CodingErrorAction.REPORT)
                    .onUnmappableCharacter(CodingErrorAction.REPORT)
                    .decode(ByteBuffer.wrap(data, offset, length))
                    .toString();
        } catch (CharacterCodingException error) {
            throw new Refusal("json_utf8");
        }
    }

    private Object value() throws Refusal {
        space();
        switch (peek()) {
            case '{':
                return object();
            case '[':
                return array();
            case '"':
                return string();
            case 't':
                return word("true", Boolean.TRUE);
            case 'f':
                return word("false", Boolean.FALSE);
            case 'n':
                return word("null", NULL);
            case 'N':
                word("NaN", NULL);
                throw new Refusal("json_number");
            case 'I':
                word("Infinity", NULL);
                throw new Refusal("json_number");
            default:
                return number();
        }
    }

    private Map<String, Object> object() throws Refusal {
        enter();
        Map<String, Object> members = new LinkedHashMap<>();
        space();
        if (peek() != '}') {
            do {
                space();
                if (peek() != '"') {
                    throw new Refusal("json_syntax");
                }
                String name = string();
                space();
                expect(':');
                if (members.put(name, value()) != null) {
                    throw new Refusal("json_duplicate_key");
                }
                space();
            } while (skip(','));
        }
        expect('}');
        depth--;
        return members;
    }

    private List<Object> array() throws Refusal {
        enter();
        List<Object> items = new ArrayList<>();
        space();
        if (peek() != ']') {
            do {
                items.add(value());
                space();
            } while (skip(','));
        }
        expect(']');
        depth--;
        return items;
    }

    private void enter() throws Refusal {
        at++;
        if (++depth > Limits.JSON_DEPTH) {
            throw new Refusal("json_depth");
        }
    }

    private String string() throws Refusal {
        expect('"');
        StringBuilder found = new StringBuilder();
        while (true) {
            char c = next();
            if (c == '"') {
                break;
            }
            if (c < ' ') {
                throw new Refusal("json_syntax");
            }
            found.append(c == '\\' ? escaped() : c);
        }
        // Half of a surrogate pair, written as an escape, is no character and has no UTF-8.
        for (int i = 0; i < found.length(); i++) {
            if (Character.isHighSurrogate(found.charAt(i))
                    && i + 1 < found.length()
                    && Character.isLowSurrogate(found.charAt(i + 1))) {
                i++;
            } else if (Character.isSurrogate(found.charAt(i))) {
                throw new Refusal("json_syntax");
            }
        }
        return found.toString();
    }

    private char escaped() throws Refusal {
        char c = next();
        switch (c) {
            case '"':
            case '\\':
            case '/':
                return c;
            case 'b':
                return '\b';
            case 'f':
                return '\f';
            case 'n':
                return '\n';
            case 'r':
                return '\r';
            case 't':
                return '\t';
            case 'u':
                int code = 0;
                for (int i = 0; i < 4; i++) {
                    code = code << 4 | hexDigit(next());
                }
                return (char) code;
            default:
                throw new Refusal("json_syntax");
        }
    }

    private static int hexDigit(char c) throws Refusal {
        // Character.digit would also take the digits of other scripts.
        int digit = c < 128 ? Character.digit(c, 16) : -1;
        if (digit < 0) {
            throw new Refusal("json_syntax");
        }
        return digit;
    }

    private Object number() throws Refusal {
        int start = at;
        skip('-');
        if (peek() == 'I') {
            word("Infinity", NULL);
            throw new Refusal("json_number");
        }
        int first = at;
        digits();
        if (text.charAt(first) == '0' && at - first > 1) {
            throw new Refusal("json_syntax");
        }
        int end = at;
        boolean integer = true;
        if (skip('.')) {
            digits();
            integer = false;
        }
        if (skip('e') || skip('E')) {
            if (!skip('+')) {
                skip('-');
            }
            digits();
            integer = false;
        }
        if (!integer) {
            return FRACTION;
        }
        if (end - first > MOST_DIGITS) {
            throw new Refusal("json_syntax");
        }
        String spelled = text.substring(start, end);
        return end - first <= 18 ? (Object) Long.valueOf(spelled) : new BigInteger(spelled);
    }

    private void digits() throws Refusal {
        int start = at;
        while (peek() >= '0' && peek() <= '9') {
            at++;
        }
        if (at == start) {
            throw new Refusal("json_syntax");
        }
    }

    private Object word(String expected, Object value) throws Refusal {
        if (!text.startsWith(expected, at)) {
            throw new Refusal("json_syntax");
        }
        at += expected.length();
        return value;
    }

    private void space() {
        while (peek() == ' ' || peek() == '\t' || peek() == '\n' || peek() == '\r') {
            at++;
        }
    }

    /** The next character, or NUL at the end: NUL itself stands nowhere in JSON outside of an escape. */
    private char peek() {
        return at < text.length() ? text.charAt(at) : 0;
    }

    private char next() throws Refusal {
        if (at == text.length()) {
            throw new Refusal("json_syntax");
        }
        return text.charAt(at++);
    }

    private boolean skip(char c) {
        if (peek() != c) {
            return false;
        }
        at++;
        return true;
    }

    private void expect(char c) throws Refusal {
        if (!skip(c)) {
            throw new Refusal("json_syntax");
        }
    }
}
