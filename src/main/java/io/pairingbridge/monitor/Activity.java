package io.pairingbridge.monitor;

import io.pairingbridge.job.JobListener;
import io.pairingbridge.job.Outcome;
import io.pairingbridge.job.Result;
import io.pairingbridge.operate.JmxViews;
import io.pairingbridge.operate.RecentActivity;
import java.time.Clock;
import java.time.Instant;
import java.time.temporal.ChronoUnit;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** What this process has done, and lately, for people who watch it. */
public final class Activity implements JobListener, RecentActivity {
    private static final int MINUTES = 60;

    private final Clock clock;
    private final Map<Outcome, Long> sinceStart = new EnumMap<>(Outcome.class);
    /** By the minute since 1970; those older than an hour are dropped. */
    private final TreeMap<Long, Map<Outcome, Long>> minutes = new TreeMap<>();

    private final long[] seconds = new long[60];
    private final long[] secondOf = new long[60];
    private int inFlight;
    private Failure lastFailure = new Failure(null, "", null);

    public Activity(Clock clock) {
        this.clock = clock;
        for (Outcome outcome : Outcome.values()) {
            sinceStart.put(outcome, 0L);
        }
    }

    @Override
    public synchronized void callBegan() {
        inFlight++;
    }

    @Override
    public synchronized void callEnded(Result result, String detail, double took) {
        inFlight--;
        if (result != Result.PAIRED) {
            lastFailure = new Failure(result, detail == null ? "" : detail, clock.instant());
        }
    }

    @Override
    public synchronized void ended(Outcome outcome) {
        sinceStart.merge(outcome, 1L, Long::sum);
        Instant now = clock.instant();
        long minute = minute(now);
        minutes.computeIfAbsent(minute, none -> new EnumMap<>(Outcome.class)).merge(outcome, 1L, Long::sum);
        minutes.headMap(minute - MINUTES).clear();
        int slot = (int) Math.floorMod(now.getEpochSecond(), 60L);
        if (secondOf[slot] != now.getEpochSecond()) {
            secondOf[slot] = now.getEpochSecond();
            seconds[slot] = 0;
        }
        seconds[slot]++;
    }

    @Override
    public synchronized int inFlight() {
        return inFlight;
    }

    @Override
    public synchronized Failure lastFailure() {
        return lastFailure;
    }

    /** Jobs that ended with this outcome since the start. */
    public synchronized long sinceStart(Outcome outcome) {
        return sinceStart.get(outcome);
    }

    @Override
    public synchronized Map<Outcome, Long> sinceStart() {
        return new EnumMap<>(sinceStart);
    }

    @Override
    public synchronized long lastMinute() {
        long now = clock.instant().getEpochSecond();
        long sum = 0;
        for (int slot = 0; slot < 60; slot++) {
            sum += secondOf[slot] > now - 60 && secondOf[slot] <= now ? seconds[slot] : 0;
        }
        return sum;
    }

    @Override
    public synchronized List<JmxViews.Minute> lastHour() {
        long last = minute(clock.instant());
        List<JmxViews.Minute> hour = new ArrayList<>();
        for (long minute = last - MINUTES + 1; minute <= last; minute++) {
            Map<String, Long> outcomes = new TreeMap<>();
            minutes.getOrDefault(minute, Map.of()).forEach((outcome, count) -> outcomes.put(outcome.name(), count));
            hour.add(new JmxViews.Minute(
                    Instant.EPOCH.plus(minute, ChronoUnit.MINUTES).toString(), outcomes));
        }
        return hour;
    }

    private static long minute(Instant instant) {
        return Math.floorDiv(instant.getEpochSecond(), 60L);
    }
}
