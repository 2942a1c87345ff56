// SPDX-License-Identifier: MIT
pragma solidity 0.8.35;

import {Math} from "@openzeppelin/contracts/utils/math/Math.sol";

/// @title Attacker
/// @notice A contract that does many things in one transaction, and answers whoever calls it as it was told to.
contract Attacker {
    /// @dev What calling this contract comes to. `Floods` reverts with all the data that its gas can pay for.
    enum Greeting {
        Accepts,
        Refuses,
        BurnsGas,
        Floods,
        Reenters
    }

    /// @dev One call. A failure that the plan does not allow takes the whole transaction back.
    struct Step {
        address target;
        uint256 value;
        bytes data;
        bool mayFail;
    }

    /// @notice What calling this contract comes to.
    Greeting public greeting;

    /// @notice What was answered to the last call from within a call.
    bytes public response;

    /// @notice Whether the last call from within a call succeeded.
    bool public succeeded;

    /// @notice How often this contract was called and accepted or called back.
    uint256 public greetings;

    Step private _callback;

    /// @notice Thrown when a step failed that had to succeed.
    error StepFailed(uint256 index, bytes reason);

    /// @notice Thrown by a contract that wants no call.
    error NotWelcome();

    /// @notice Takes ether as it was told to.
    receive() external payable {
        _greet();
    }

    /// @notice Answers any other call as it was told to.
    fallback() external payable {
        _greet();
    }

    /// @notice Makes calls one after the other, all of them or none.
    /// @param steps The calls.
    /// @return answers What each returned, or reverted with.
    function run(Step[] calldata steps) external payable returns (bytes[] memory answers) {
        answers = new bytes[](steps.length);
        for (uint256 i; i < steps.length; ++i) {
            Step calldata step = steps[i];
            // solhint-disable-next-line avoid-low-level-calls
            (bool done, bytes memory answer) = step.target.call{value: step.value}(step.data);
            require(done || step.mayFail, StepFailed(i, answer));
            answers[i] = answer;
        }
    }

    /// @notice Chooses what calling this contract comes to.
    /// @param greeting_ What.
    /// @param callback The call to make from within, where it re-enters.
    function arm(Greeting greeting_, Step calldata callback) external {
        greeting = greeting_;
        _callback = callback;
    }

    function _greet() private {
        Greeting greeting_ = greeting;
        require(greeting_ != Greeting.Refuses, NotWelcome());
        if (greeting_ == Greeting.BurnsGas) while (gasleft() != 0) continue;
        if (greeting_ == Greeting.Floods) _flood();
        ++greetings;
        if (greeting_ != Greeting.Reenters) return;
        Step memory step = _callback;
        // solhint-disable-next-line avoid-low-level-calls
        (succeeded, response) = step.target.call{value: step.value}(step.data);
    }

    function _flood() private view {
        // A word of memory costs 3 gas and words² / 512: a third of the gas goes into the square.
        uint256 words = Math.sqrt((gasleft() / 3) * 512);
        // solhint-disable-next-line no-inline-assembly
        assembly ("memory-safe") {
            revert(0, mul(words, 32))
        }
    }
}
