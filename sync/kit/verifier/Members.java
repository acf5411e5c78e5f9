import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * The members of one JSON object, each asked for by name and type. What is missing or of another type or form is
 * refused as {@code schema}. Members that are never asked for are ignored (PROTOCOL.md, section 3).
 */
final class Members {
    static final Pattern UUID =
            Pattern.compile("[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}");
    static final Pattern KEYID = Pattern.compile("[0-9a-f]{32}");
    static final Pattern DIGEST = Pattern.compile("[0-9a-f]{64}");
    static final Pattern MOMENT = Pattern.compile("[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9]:[0-5][0-9]Z");
    static final Pattern TOKEN = Pattern.compile("[0-9A-Za-z._:+-]{0,64}");
    static final Pattern UNIT = Pattern.compile("[0-9A-Z]{18}");
    static final Pattern TYPE = Pattern.compile("[A-Za-z][A-Za-z0-9_]{0,39}");
    static final Pattern ANY = Pattern.compile(".*", Pattern.DOTALL);

    private final Map<?, ?> members;

    private Members(Map<?, ?> members) {
        this.members = members;
    }

    static Members of(Object value) throws Refusal {
        if (!(value instanceof Map)) {
            throw new Refusal("schema");
        }
        return new Members((Map<?, ?>) value);
    }

    boolean has(String name) {
        return members.containsKey(name);
    }

    /** Refuses members that are not among these; only envelopes are so strict (section 3). */
    Members only(Set<String> names) throws Refusal {
        if (!names.containsAll(members.keySet())) {
            throw new Refusal("schema");
        }
        return this;
    }

    /** Whether a member is there and says something: an empty text, list or object counts as absent. */
    boolean filled(String name) {
        Object value = members.get(name);
        if (value instanceof Map) {
            return !((Map<?, ?>) value).isEmpty();
        }
        return value instanceof List ? !((List<?>) value).isEmpty() : value != null && !value.equals("");
    }

    Set<?> names() {
        return members.keySet();
    }

    Iterable<?> values() {
        return members.values();
    }

    private <T> T the(String name, Class<T> type) throws Refusal {
        Object value = members.get(name);
        if (!type.isInstance(value)) {
            throw new Refusal("schema");
        }
        return type.cast(value);
    }

    String text(String name, Pattern form) throws Refusal {
        return formed(the(name, String.class), form);
    }

    String text(String name) throws Refusal {
        return the(name, String.class);
    }

    String textOr(String name, Pattern form, String absent) throws Refusal {
        return has(name) ? text(name, form) : absent;
    }

    private static String formed(String value, Pattern form) throws Refusal {
        if (!form.matcher(value).matches()) {
            throw new Refusal("schema");
        }
        return value;
    }

    /** 0 … 2^53−1. */
    long count(String name) throws Refusal {
        return counted(members.get(name), 0);
    }

    long countOr(String name, long absent) throws Refusal {
        return has(name) ? count(name) : absent;
    }

    /** 1 … 2^53−1. */
    long ordinal(String name) throws Refusal {
        return counted(members.get(name), 1);
    }

    static long counted(Object value, long least) throws Refusal {
        if (!(value instanceof Long) || (Long) value < least || (Long) value > Limits.INTEGER) {
            throw new Refusal("schema");
        }
        return (Long) value;
    }

    boolean flag(String name) throws Refusal {
        return the(name, Boolean.class);
    }

    boolean flagOr(String name, boolean absent) throws Refusal {
        return has(name) ? flag(name) : absent;
    }

    Members object(String name) throws Refusal {
        return of(members.get(name));
    }

    List<?> list(String name) throws Refusal {
        return the(name, List.class);
    }

    /** A list of objects. */
    List<Members> objects(String name) throws Refusal {
        List<Members> found = new ArrayList<>();
        for (Object item : list(name)) {
            found.add(of(item));
        }
        return found;
    }

    /** A list of texts. */
    List<String> texts(String name) throws Refusal {
        List<String> found = new ArrayList<>();
        for (Object item : list(name)) {
            if (!(item instanceof String)) {
                throw new Refusal("schema");
            }
            found.add((String) item);
        }
        return found;
    }

    /** {@code v} and {@code suite} of a payload (section 2): refused where not ours. Packages have no suite. */
    void checkVersion() throws Refusal {
        String suite = textOr("suite", TOKEN, "JM1");
        if (the("v", Long.class) != 1) {
            throw new Refusal("version");
        }
        if (!suite.equals("JM1")) {
            throw new Refusal("suite_unknown");
        }
    }
}
