// Executes the shared library's declarative pipeline without a Jenkins: what the directives mean is given a body here,
// and `sh` is really run. A word of a pipeline that has no body here is refused by Groovy itself.
//
// groovy jenkins.groovy LIBRARY SETTINGS: the settings are JSON: `arguments` of caasDeliver, `environment`, `parameters`,
// `timer`, `approver`. Prints each stage and command; exits with 1 when a step fails, with 3 when nobody approves.
import groovy.json.JsonSlurper

class Failed extends RuntimeException {
    Failed(String why) { super(why) }
}

class Run {
    Map given
    Map<String, String> environment
    Map<String, String> parameters
    List<Map> scopes = []

    Map<String, String> variables() {
        Map<String, String> all = new LinkedHashMap<>(System.getenv())
        all.putAll(environment)
        all.putAll(parameters)
        scopes.each { all.putAll(it) }
        all
    }

    void within(Map<String, String> scope, Closure body) {
        scopes.push(scope)
        try { body() } finally { scopes.pop() }
    }

    void shell(String command) {
        println "+ ${command}"
        System.out.flush()
        def builder = new ProcessBuilder('bash', '-e', '-c', command).inheritIO()
        builder.environment().clear()
        builder.environment().putAll(variables())
        int code = builder.start().waitFor()
        if (code != 0) throw new Failed("script returned exit code ${code}")
    }
}

// The steps that may stand in `steps`, `script` and the library's own methods.
class Steps {
    Run run
    def sh(String command) { run.shell(command) }
    def sh(GString command) { run.shell(command.toString()) }
    def script(Closure body) { perform(body) }
    def lock(String name, Closure body) { println "lock ${name}"; perform(body) }
    def fileExists(name) { new File(name.toString()).exists() }
    def archiveArtifacts(Map options) { println "archive ${options.artifacts}" }
    def string(Map options) { options }
    def withCredentials(List<Map> credentials, Closure body) {
        def known = run.given.credentials
        run.within(credentials.collectEntries {
            if (!known.containsKey(it.credentialsId)) throw new Failed("no credential ${it.credentialsId}")
            [(it.variable): known[it.credentialsId]]
        }) { perform(body) }
    }
    def perform(Closure body) { body.resolveStrategy = Closure.OWNER_FIRST; body.delegate = this; body() }
}

class Input {
    Map said = [:]
    def message(String text) { said.message = text }
    def submitter(String names) { said.submitter = names }
    def submitterParameter(String name) { said.parameter = name }
}

class When {
    boolean holds = true
    def expression(Closure body) { holds = holds && body() }
}

class Post {
    Closure always
    def always(Closure body) { always = body }
}

class Stage {
    Closure when, steps, post, input
    def when(Closure body) { when = body }
    def steps(Closure body) { steps = body }
    def post(Closure body) { post = body }
    def input(Closure body) { input = body }
}

class Stages {
    Run run
    Steps steps
    def stage(String name, Closure body) {
        def stage = new Stage()
        Harness.with(body, stage)
        def when = new When()
        if (stage.when) Harness.with(stage.when, when)
        if (!when.holds) return
        println "stage ${name}"
        Map answered = [:]
        if (stage.input) {
            def input = new Input()
            Harness.with(stage.input, input)
            if (!run.given.approver) { println "nobody approves: ${input.said.message}"; System.exit(3) }
            answered[input.said.parameter] = run.given.approver
        }
        run.within(answered) {
            try {
                steps.perform(stage.steps)
            } finally {
                if (stage.post) {
                    def post = new Post()
                    Harness.with(stage.post, post)
                    if (post.always) steps.perform(post.always)
                }
            }
        }
    }
}

class Options {
    def timeout(Map m) { assert m.time && m.unit }
    def disableConcurrentBuilds(Map m) { assert m.abortPrevious == false }
}

class Parameters { def choice(Map m) { assert m.name && m.choices } }
class Triggers { def cron(String text) { } }
class Agent { def label(String text) { assert text } }

class Pipeline {
    Run run
    Steps steps
    def agent(Closure body) { Harness.with(body, new Agent()) }
    def options(Closure body) { Harness.with(body, new Options()) }
    def triggers(Closure body) { Harness.with(body, new Triggers()) }
    def parameters(Closure body) { Harness.with(body, new Parameters()) }
    def stages(Closure body) { Harness.with(body, new Stages(run: run, steps: steps)) }
}

class Harness {
    static void with(Closure body, Object delegate) {
        def own = body.clone()
        own.resolveStrategy = Closure.DELEGATE_FIRST
        own.delegate = delegate
        own()
    }
}

def given = new JsonSlurper().parse(new File(args[1]))
def run = new Run(given: given, environment: given.environment, parameters: given.parameters)
def steps = new Steps(run: run)
def binding = new Binding()
binding.env = given.environment
binding.params = given.parameters
binding.currentBuild = [getBuildCauses: { String kind -> given.timer ? [kind] : [] }]
def library = new GroovyShell(this.class.classLoader, binding).parse(new File(args[0], 'vars/caasDeliver.groovy'))
library.metaClass.pipeline = { Closure body -> Harness.with(body, new Pipeline(run: run, steps: steps)) }
['sh', 'script', 'lock', 'fileExists', 'archiveArtifacts', 'string', 'withCredentials'].each { name ->
    library.metaClass."${name}" = { Object... arguments -> steps.invokeMethod(name, arguments) }
}
try {
    library.call(given.arguments)
} catch (Failed error) {
    println "failed: ${error.message}"
    System.exit(1)
}
println 'finished'
