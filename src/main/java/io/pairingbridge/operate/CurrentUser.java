package io.pairingbridge.operate;

import java.util.concurrent.Callable;

/**
 * The user of the current call: the login by which the current call came over HTTP. A call over plain JMX comes from a
 * process of the same user on the same machine and has no login.
 */
public final class CurrentUser {
    private static final ThreadLocal<String> LOGIN = new ThreadLocal<>();

    private CurrentUser() {}

    /** Runs something in this login's name. */
    public static <T> T runAs(String login, Callable<T> action) throws Exception {
        LOGIN.set(login);
        try {
            return action.call();
        } finally {
            LOGIN.remove();
        }
    }

    /** The login, or {@code jmx:<user of the process>}. */
    public static String name() {
        String login = LOGIN.get();
        return login == null ? "jmx:" + System.getProperty("user.name") : login;
    }
}
