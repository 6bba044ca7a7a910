/**
 * The program that Windows starts as a service. The Service Control Manager talks to its services by
 * calls that no JavaScript runtime makes, so this small one in C#, compiled on the spot by the
 * compiler that comes with Windows, answers it and runs the agent. `windows.ts` hands it out.
 *
 * It stops the agent as Ctrl+C does, ends with the agent's exit code when that ends by itself, so that
 * Windows starts both again, and writes warnings and errors into the event log: lines that begin with
 * their severity, as `service_log.ts` writes them.
 *
 * @module
 */

/** The source, in C# 5: that is what the compiler of .NET Framework 4 understands. */
export const WINDOWS_HOST_SOURCE: string = `// Written by "sallyport service install".
using System;
using System.Diagnostics;
using System.IO;
using System.Runtime.InteropServices;
using System.ServiceProcess;
using System.Text;

public sealed class SallyportService : ServiceBase
{
    const int GraceMs = 12000;
    const int ProcessAborted = 1067;

    readonly string[] words;
    readonly object gate = new object();
    Process agent;
    bool stopping;

    SallyportService(string[] words)
    {
        this.words = words;
        ServiceName = "sallyport";
        CanShutdown = true;
        AutoLog = false;
    }

    static int Main(string[] args)
    {
        if (args.Length == 0)
        {
            Console.Error.WriteLine("usage: sallyport-service PROGRAM [ARGUMENT...]");
            return 1;
        }
        Run(new SallyportService(args));
        return 0;
    }

    protected override void OnStart(string[] ignored)
    {
        var arguments = new StringBuilder();
        for (int i = 1; i < words.Length; i++) arguments.Append(i > 1 ? " " : "").Append(Quote(words[i]));
        var start = new ProcessStartInfo(words[0], arguments.ToString());
        // Relative paths of the configuration start beside it.
        int config = Array.IndexOf(words, "--config") + 1;
        if (config > 0 && config < words.Length) start.WorkingDirectory = Path.GetDirectoryName(words[config]);
        start.UseShellExecute = false;
        start.CreateNoWindow = true;
        start.RedirectStandardOutput = true;
        start.RedirectStandardError = true;
        start.StandardErrorEncoding = Encoding.UTF8;
        agent = new Process();
        agent.StartInfo = start;
        agent.EnableRaisingEvents = true;
        agent.ErrorDataReceived += delegate(object sender, DataReceivedEventArgs e) { Tell(e.Data); };
        agent.OutputDataReceived += delegate(object sender, DataReceivedEventArgs e) { };
        agent.Exited += OnExited;
        try
        {
            agent.Start();
        }
        catch (Exception error)
        {
            Write("Cannot run \\"" + words[0] + "\\": " + error.Message, EventLogEntryType.Error);
            throw;
        }
        agent.BeginErrorReadLine();
        agent.BeginOutputReadLine();
    }

    // The agent ended by itself. An exit code other than 0 makes Windows start the service again.
    void OnExited(object sender, EventArgs e)
    {
        lock (gate)
        {
            if (stopping) return;
            ExitCode = agent.ExitCode == 0 ? ProcessAborted : agent.ExitCode;
        }
        Stop();
    }

    protected override void OnStop()
    {
        lock (gate) stopping = true;
        if (agent == null || agent.HasExited) return;
        RequestAdditionalTime(GraceMs + 5000);
        FreeConsole();
        if (AttachConsole((uint)agent.Id))
        {
            SetConsoleCtrlHandler(IntPtr.Zero, true);
            GenerateConsoleCtrlEvent(0, 0);
            agent.WaitForExit(GraceMs);
            FreeConsole();
        }
        if (!agent.HasExited) agent.Kill();
    }

    protected override void OnShutdown()
    {
        OnStop();
    }

    // "<4>text": the severity of syslog, then the line. What is less than a warning is not for the event log.
    void Tell(string line)
    {
        if (string.IsNullOrEmpty(line)) return;
        if (line.Length < 3 || line[0] != '<' || line[2] != '>')
        {
            Write(line, EventLogEntryType.Warning);
        }
        else if (line[1] <= '4')
        {
            Write(line.Substring(3), line[1] <= '3' ? EventLogEntryType.Error : EventLogEntryType.Warning);
        }
    }

    void Write(string text, EventLogEntryType type)
    {
        try
        {
            EventLog.WriteEntry(ServiceName, text.Length > 30000 ? text.Substring(0, 30000) : text, type, 1);
        }
        catch (Exception)
        {
            // A full or forbidden event log must not take the tunnel down.
        }
    }

    // As CommandLineToArgvW takes it apart.
    static string Quote(string word)
    {
        if (word.Length > 0 && word.IndexOfAny(new char[] { ' ', '\\t', '"' }) < 0) return word;
        var quoted = new StringBuilder("\\"");
        int slashes = 0;
        foreach (char c in word)
        {
            if (c == '\\\\') { slashes++; continue; }
            quoted.Append('\\\\', c == '"' ? slashes * 2 + 1 : slashes).Append(c);
            slashes = 0;
        }
        return quoted.Append('\\\\', slashes * 2).Append('"').ToString();
    }

    [DllImport("kernel32.dll")]
    static extern bool FreeConsole();
    [DllImport("kernel32.dll")]
    static extern bool AttachConsole(uint process);
    [DllImport("kernel32.dll")]
    static extern bool SetConsoleCtrlHandler(IntPtr handler, bool add);
    [DllImport("kernel32.dll")]
    static extern bool GenerateConsoleCtrlEvent(uint which, uint group);
}
`;
