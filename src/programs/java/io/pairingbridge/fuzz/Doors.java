package io.pairingbridge.fuzz;

import java.nio.file.Path;
import java.util.Map;
import java.util.TreeMap;

/** All doors that are under a fuzzer, by name. */
final class Doors {
    /** Opens a door with everything that is behind it. */
    interface Opener {
        /** @param folder an empty folder of its own */
        Door open(Path folder) throws Exception;
    }

    private Doors() {}

    static Map<String, Opener> all() {
        Map<String, Opener> doors = new TreeMap<>();
        doors.put("answers", AnswersDoor::new);
        // One line a door.
        doors.put("jolokia", JolokiaDoor::new);
        doors.put("settings", SettingsDoor::new);
        doors.put("csv", folder -> new DocumentDoor("csv", folder));
        doors.put("ndjson", folder -> new DocumentDoor("ndjson", folder));
        doors.put("inbox", InboxDoor::new);
        doors.put("json", folder -> new DocumentDoor("json", folder));
        doors.put("amqp", AmqpDoor::new);
        doors.put("core", CoreDoor::new);
        doors.put("stomp", StompDoor::new);
        return doors;
    }
}
