# The same as an OGC application package: validate with `cwltool --validate cloud_fraction.cwl`.
cwlVersion: v1.2
$graph:
  - class: Workflow
    id: earthcare-cloud-fraction
    label: Cloud fraction by degree from EarthCARE M-CM
    doc: Streams M-CM from ESA MAAP, and writes cloud_fraction.nc
    inputs:
      start: {type: string, label: First day, doc: Such as 2025-03-01}
      end: {type: string, label: Last day, doc: Itself included}
      frames: {type: string, label: Frames, doc: "Letters such as D,E; or all", default: all}
      most: {type: string, label: Most granules, doc: 0 for all, default: "0"}
    outputs:
      out: {type: Directory, outputSource: process/out}
    steps:
      process:
        run: "#main"
        in: {start: start, end: end, frames: frames, most: most}
        out: [out]
  - class: CommandLineTool
    id: main
    requirements:
      DockerRequirement: {dockerPull: "registry.example.org/earthcare-cloud-fraction:main"}
      NetworkAccess: {networkAccess: true}
      ResourceRequirement: {ramMin: 4096, coresMin: 2, outdirMax: 5120}
    baseCommand: [/app/jobs/nasa_dps/run.sh]
    inputs:
      start: {type: string, inputBinding: {position: 1}}
      end: {type: string, inputBinding: {position: 2}}
      frames: {type: string, inputBinding: {position: 3}}
      most: {type: string, inputBinding: {position: 4}}
    outputs:
      out: {type: Directory, outputBinding: {glob: output}}
